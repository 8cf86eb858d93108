"""POP2's half of a server: events out of octets, the same for every chunking."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.base.secret import Secret
from pillarbox.wire.pop2 import replies
from pillarbox.wire.pop2.grammar import (
    Ack,
    Event,
    Fold,
    Helo,
    Quit,
    Read,
    Retr,
    State,
    conversation,
)
from pillarbox.wire.pop3.events import Fault
from pillarbox.wire.table import COMMAND_OCTETS
from tests.wire.cutting import PLACES, cut

LINES = st.sampled_from(
    [
        *(b"HELO a b", b"HELO a\\ b c\\", b"FOLD INBOX", b"FOLD", b"READ", b"READ 1", b"READ x"),
        *(b"RETR", b"ACKS", b"ACKD", b"NACK", b"QUIT", b"x" * 600, b"\0", b"\xff", b"\r", b""),
    ]
)
OCTETS = st.lists(LINES.map(lambda line: line + b"\r\n") | st.binary(max_size=9)).map(b"".join)
WORD = st.binary(min_size=1, max_size=20).map(lambda octets: bytes(each & 127 for each in octets))


def heard(chunks: list[bytes], state: State = State.AUTH) -> list[Event | Fault]:
    """Return what is heard where nothing ends the session but QUIT."""
    there = conversation()
    there.state = state
    found: list[Event | Fault] = []
    for chunk in chunks:
        there.feed(chunk)
        while (event := there.next_event()) is not None:
            found.append(event)
    return found


def quoted(word: bytes) -> bytes:
    return b"".join(b"\\" + bytes([octet]) for octet in word)


@given(OCTETS, PLACES, st.sampled_from(State))
@example(
    b"HELO a b\r\nREAD\r\nRETR\r\nACKD\r\nFOLD x\r\nQUIT\r\nREAD\r\n", [*range(50)], State.AUTH
)
def test_any_octets_give_the_same_events_in_any_chunks(
    octets: bytes, places: list[int], state: State
) -> None:
    assert heard([octets], state) == heard(cut(octets, places), state)


@given(WORD, WORD)
def test_what_is_quoted_comes_out_as_it_was(user: bytes, password: bytes) -> None:
    line = b"HELO " + quoted(user) + b" " + quoted(password) + b"\r\n"
    name = user.decode("ascii")
    expected = Helo(name, Secret(password)) if name.isprintable() else Fault.ARGUMENTS

    found = heard([line])

    # A CR before an LF ends the line whatever stands before it.
    assert [expected] == found or b"\r\n" in line[:-2]


def test_every_command_moves_the_session_as_the_diagram_says() -> None:
    there = conversation()
    lines = b"HELO a b|FOLD x|READ 7|READ|RETR|NACK|RETR|ACKS|RETR|ACKD|FOLD y|QUIT".split(b"|")
    found = []
    for line in lines:
        there.feed(line + b"\r\n")
        found.append((there.next_event(), there.state))

    assert found == [
        (Helo("a", Secret(b"b")), State.MBOX),
        (Fold("x"), State.MBOX),
        (Read(7), State.ITEM),
        (Read(None), State.ITEM),
        (Retr(), State.NEXT),
        (Ack(is_received=False), State.ITEM),
        (Retr(), State.NEXT),
        (Ack(is_received=True), State.ITEM),
        (Retr(), State.NEXT),
        (Ack(is_received=True, is_marked=True), State.ITEM),
        (Fold("y"), State.MBOX),
        (Quit(), State.DONE),
    ]
    assert there.is_over


@pytest.mark.parametrize(
    ("octets", "expected"),
    [(COMMAND_OCTETS, Fold("x" * 505)), (COMMAND_OCTETS + 1, Fault.TOO_LONG)],
)
def test_a_command_has_a_longest_length(octets: int, expected: Event | Fault) -> None:
    line = b"FOLD " + b"x" * (octets - 7) + b"\r\n"

    assert [expected] == heard([line], State.MBOX)


@pytest.mark.parametrize("line", [b"READ x", b"READ 1 2", b"READ -1", b"FOLD ", b"QUIT 1"])
def test_arguments_that_are_none_are_refused_where_the_command_may_run(line: bytes) -> None:
    assert [Fault.ARGUMENTS] == heard([line + b"\r\n"], State.MBOX)


@pytest.mark.parametrize("line", [b"HELO", b"HELO a", b"HELO a b c", b"HELO a b\\", b"HELO \\\a b"])
def test_who_names_nobody_with_a_password_is_refused(line: bytes) -> None:
    assert [Fault.ARGUMENTS] == heard([line + b"\r\n"])


def test_a_verb_that_is_none_or_out_of_place_is_refused() -> None:
    assert [Fault.UNKNOWN, Fault.WRONG_STATE] == heard([b"\r\nREAD\r\n"])


def test_every_reply_is_one_line_of_the_kind_that_its_first_character_says() -> None:
    said = [
        replies.greeting("mail.example.org"),
        replies.ok("OK"),
        replies.error("Bad arguments."),
        replies.count(13),
        replies.length(537),
        replies.length(0),
    ]

    assert said == [
        b"+ POP2 mail.example.org Pillarbox ready.\r\n",
        b"+ OK\r\n",
        b"- Bad arguments.\r\n",
        b"#13 messages\r\n",
        b"=537 characters\r\n",
        b"=0 no such message\r\n",
    ]
