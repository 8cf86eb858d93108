"""The LMTP conversation: events out of octets, the same for every chunking."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.base.errors import Bug
from pillarbox.wire.lmtp import events
from pillarbox.wire.lmtp.events import Event, Fatal, Fault, Malformed
from pillarbox.wire.lmtp.server import COMMAND_OCTETS, MAIL_OCTETS, ServerConversation
from pillarbox.wire.lmtp.state import Outcome, State, moved

OUTCOMES = {
    events.Lhlo: Outcome.HELLO,
    events.Mail: Outcome.SENDER,
    events.Rcpt: Outcome.RECIPIENT,
    events.Data: Outcome.DATA_BEGUN,
    events.End: Outcome.DATA_ENDED,
    events.TooBig: Outcome.DATA_ENDED,
    events.Rset: Outcome.RESET,
    events.Quit: Outcome.ENDED,
    events.Broken: Outcome.ENDED,
    events.Fatal: Outcome.ENDED,
}
OPENING = b"LHLO mta\r\nMAIL FROM:<a@b>\r\nRCPT TO:<mrose>\r\nDATA\r\n"


def play(chunks: list[bytes], message_octets: int = 1000) -> list[Event]:
    """Return every event, where all that may be accepted is."""
    conversation = ServerConversation(message_octets)
    found: list[Event] = []
    for chunk in chunks:
        conversation.feed(chunk)
        while (event := conversation.next_event()) is not None:
            found.append(event)
            if type(event) in OUTCOMES:
                conversation.happened(OUTCOMES[type(event)])
    return found


def joined(found: list[Event]) -> list[Event]:
    """Return the events with the chunks of each message as one."""
    whole: list[Event] = []
    for event in found:
        last = whole[-1] if whole else None
        if isinstance(event, events.Chunk) and isinstance(last, events.Chunk):
            whole[-1] = events.Chunk(last.octets + event.octets)
        else:
            whole.append(event)
    return whole


def cut(octets: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(at, len(octets)) for at in cuts), len(octets)]
    return [octets[start:stop] for start, stop in pairwise(edges)]


def message_of(found: list[Event]) -> bytes:
    return b"".join(event.octets for event in found if isinstance(event, events.Chunk))


WORDS = st.sampled_from(
    [
        b"LHLO mta\r\n", b"MAIL FROM:<a@b>\r\n", b"MAIL FROM:<> SIZE=9999\r\n", b"RCPT TO:<m>\r\n",
        b"DATA\r\n", b"DATA x\r\n", b".\r\n", b".", b"\r\n", b"\r", b"\n", b"\0", b"RSET\r\n",
        b"QUIT\r\n", b"NOOP\r\n", b"BDAT 5\r\n", b"x" * 600, b"MAIL FROM:<" + b"x" * 530,
        b"line\r\n", OPENING, OPENING + b"one\r\n..two\r\n.\r\n",
    ]
)  # fmt: skip
OCTETS = st.lists(WORDS | st.binary(max_size=4), max_size=12).map(b"".join)


@given(OCTETS, st.lists(st.integers(0, 2000)), st.sampled_from([5, 1000]))
@example(OPENING + b"a\r\n.\r\nNOOP\r\n", [*range(80)], 1000)
def test_any_octets_give_the_same_events_in_any_chunks(
    octets: bytes, cuts: list[int], message_octets: int
) -> None:
    whole = joined(play([octets], message_octets))
    chunked = joined(play(cut(octets, cuts), message_octets))

    if whole != chunked:
        # Octets right behind a refused DATA are known for an attack only where they have come.
        assert isinstance(whole[-1], Fatal)
        assert whole[:-1] == chunked[: len(whole) - 1]
        assert Malformed(whole[-1].fault, is_data=True) == chunked[len(whole) - 1]


@given(st.lists(st.binary(max_size=30) | WORDS).map(b"".join), st.lists(st.integers(0, 3000)))
def test_a_message_comes_out_as_it_was_before_it_was_stuffed(body: bytes, cuts: list[int]) -> None:
    message = re.sub(rb"\r\n|\r|\n", b"\r\n", body) + b"\r\n"
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    found = play(cut(OPENING + stuffed + b".\r\nNOOP\r\n", cuts), 1_000_000)

    assert message == message_of(found)
    assert [events.End(), events.Noop()] == found[-2:]


ENDINGS = {
    "lflf": b"\n.\n",
    "crcr": b"\r.\r",
    "crlf": b"\r.\n",
    "lfcr": b"\n.\r",
    "lfcrlf": b"\n.\r\n",
    "crlflf": b"\r\n.\n",
    "crcrlf": b"\r.\r\n",
    "crlfcr": b"\r\n.\r",
    "nullbefore": b"\r\n\0.\r\n",
    "nullafter": b"\r\n.\0\r\n",
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("octets", [1, 10_000])
def test_no_ending_but_the_one_ends_a_message(ending: str, octets: int) -> None:
    smuggled = b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<mrose>\r\nDATA\r\nevil\r\n.\r\n"
    sent = OPENING + b"text" + ENDINGS[ending] + smuggled
    found = play([sent[at : at + octets] for at in range(0, len(sent), octets)])

    last = events.End() if ending.startswith("null") else events.Broken()
    assert [events.Lhlo, events.Mail, events.Rcpt, events.Data] == [type(e) for e in found[:4]]
    assert last == found[-1]
    assert [last] == [event for event in found[4:] if not isinstance(event, events.Chunk)]


@pytest.mark.parametrize("ending", [b"\n", b"\r ", b"\r\r\n", b"\rQUIT\r\n"])
def test_a_bare_line_end_in_a_command_is_the_last_thing_read(ending: bytes) -> None:
    found = play([b"LHLO mta\r\nNOOP" + ending + b"NOOP\r\nNOOP\r\n"])

    assert [events.Lhlo(), Fatal(Fault.BARE_LINE_END)] == found


def test_nothing_comes_of_what_is_fed_after_the_end() -> None:
    conversation = ServerConversation(1000)
    conversation.feed(b"QUIT\r\nNOOP\r\n")

    assert events.Quit() == conversation.next_event()
    conversation.happened(Outcome.ENDED)
    assert conversation.next_event() is None


def test_the_end_of_a_broken_message_is_seen_across_chunks() -> None:
    conversation = ServerConversation(1000)
    seen = []
    for chunk in (b"a\nb\r\n", b".\r", b"\n"):
        conversation.feed(chunk)
        seen.append(conversation.has_passed_end)

    assert [False, False, True] == seen


def test_nul_in_a_message_is_kept() -> None:
    found = play([OPENING + b"a\0b\r\n\0\r\n.\r\n"])

    assert message_of(found) == b"a\0b\r\n\0\r\n"


# Limits


@pytest.mark.parametrize(
    ("octets", "is_taken"), [(COMMAND_OCTETS, True), (COMMAND_OCTETS + 1, False)]
)
def test_a_command_has_a_longest_length(octets: int, is_taken: bool) -> None:
    line = b"NOOP " + b"x" * (octets - 7) + b"\r\n"
    expected = events.Noop() if is_taken else Malformed(Fault.TOO_LONG)

    assert [expected, events.Noop()] == play([line + b"NOOP\r\n"])


@pytest.mark.parametrize(("octets", "is_taken"), [(MAIL_OCTETS, True), (MAIL_OCTETS + 1, False)])
def test_mail_may_be_longer_by_its_parameters(octets: int, is_taken: bool) -> None:
    line = b"MAIL FROM:<" + b"x" * 450 + b"@b>"
    line += b" " * (octets - 2 - len(line)) + b"\r\n"
    found = play([b"LHLO mta\r\n" + b"y" * 600 + b"\r\n" + line])

    assert Malformed(Fault.TOO_LONG) == found[1]
    assert is_taken == isinstance(found[2], events.Mail)


@pytest.mark.parametrize(("limit", "last"), [(10, events.End()), (9, events.TooBig())])
def test_a_message_has_a_most_of_octets_as_it_is_without_stuffing(limit: int, last: Event) -> None:
    found = play([OPENING + b"..12345\r\n", b"\r\n.\r\n"], limit)

    assert last == found[-1]
    assert b".12345\r\n\r\n"[:limit] == message_of(found)


def test_an_announced_size_is_held_against_the_limit() -> None:
    hello = b"LHLO mta\r\n"

    assert Malformed(Fault.TOO_BIG) == play([hello + b"MAIL FROM:<a@b> SIZE=1001\r\n"])[1]
    assert isinstance(play([hello + b"MAIL FROM:<a@b> SIZE=1000\r\n"])[1], events.Mail)


# DATA that is refused


def test_octets_right_behind_a_refused_data_are_not_run() -> None:
    found = play([b"LHLO mta\r\nDATA\r\nRSET\r\n.\r\n"])

    assert [events.Lhlo(), Fatal(Fault.WRONG_STATE)] == found


def test_a_message_after_a_refused_data_is_not_run() -> None:
    found = play([b"LHLO mta\r\nDATA\r\n", b"Subject: x\r\nRSET\r\n"])

    assert Malformed(Fault.WRONG_STATE, is_data=True) == found[1]
    assert [Fatal(Fault.UNKNOWN)] == found[2:]


def test_commands_after_a_refused_data_are_run() -> None:
    found = play([b"LHLO mta\r\nDATA\r\n", b"RCPT TO:<a>\r\nRSET\r\n"])

    assert [Malformed(Fault.WRONG_STATE), events.Rset()] == found[2:]


def test_bdat_ends_the_session_since_its_octets_follow_unasked() -> None:
    assert [Fatal(Fault.NOT_OFFERED)] == play([b"BDAT 6 LAST\r\nNOOP\r\n"])


def test_what_is_not_in_the_table_is_a_bug() -> None:
    with pytest.raises(Bug):
        moved(State.GREETED, Outcome.DATA_BEGUN)
