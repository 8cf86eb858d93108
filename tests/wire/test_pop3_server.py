"""The server's conversation: any octets, in any chunks, and the tables behind it."""

from collections.abc import Iterable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pillarbox.base.errors import Bug
from pillarbox.base.secret import Secret
from pillarbox.server.refusals import FAULTS
from pillarbox.wire.pop3 import replies
from pillarbox.wire.pop3.events import Event, Fault, Malformed, Pass, StlsInjection
from pillarbox.wire.pop3.grammar import COMMANDS, decode_response
from pillarbox.wire.pop3.replies import (
    BLOCK_OCTETS,
    REPLY_OCTETS,
    Code,
    err,
    multi_line,
    ok,
)
from pillarbox.wire.pop3.server import AUTH_OCTETS, ServerConversation
from pillarbox.wire.pop3.state import TRANSITIONS, Outcome, State, moved
from pillarbox.wire.pop3.verbs import COMMAND_OCTETS, Auth, Stls
from tests.wire.cutting import PLACES, cut

KEYWORDS = st.sampled_from([*COMMANDS, b"LAST", b"", b"auth", b"*", b"="])
ARGUMENTS = st.sampled_from(
    [
        b"",
        b" ",
        b" 1",
        b" 1 0",
        b" 4294967297",
        b" PLAIN",
        b" PLAIN =",
        b" PLAIN AGEAYg==",
        b" mrose",
    ]
)
ENDS = st.sampled_from(
    [b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"x" * 300, b"x" * 13_000 + b"\r\n"]
)
LINES = st.builds(lambda *parts: b"".join(parts), KEYWORDS, ARGUMENTS, ENDS)
OCTETS = st.lists(LINES | st.binary(max_size=20), max_size=12).map(b"".join)


def said(chunks: Iterable[bytes], state: State = State.AUTHORIZATION) -> list[Event]:
    """Return the events; AUTH without an initial response is answered with a challenge."""
    conversation = ServerConversation()
    if state is State.TRANSACTION:
        conversation.happened(Outcome.ADMITTED)
    events = []
    for chunk in chunks:
        conversation.feed(chunk)
        while (event := conversation.next_event()) is not None:
            events.append(event)
            if isinstance(event, Auth) and event.initial is None:
                conversation.challenged()
    return events


@given(OCTETS, PLACES, st.sampled_from([State.AUTHORIZATION, State.TRANSACTION]))
@example(b"AUTH" + b" " * 300 + b"\r\n", [4], State.AUTHORIZATION)
def test_the_events_are_the_same_for_every_chunking(
    octets: bytes, places: list[int], state: State
) -> None:
    whole = said([octets], state)
    assume(not any(isinstance(event, Stls | StlsInjection) for event in whole))

    assert whole == said(cut(octets, places), state)


@given(st.binary(), PLACES)
def test_no_octets_raise_anything(octets: bytes, places: list[int]) -> None:
    said(cut(octets, places))
    said(cut(octets, places), State.TRANSACTION)


@given(st.integers(min_value=COMMAND_OCTETS - 1, max_value=1000), PLACES)
def test_an_over_long_line_is_refused_once_and_none_of_it_runs(
    length: int, places: list[int]
) -> None:
    octets = (b"DELE 1\n" * length)[:length] + b"\r\nSTAT 1\r\n"
    expected = [Malformed(Fault.TOO_LONG), Malformed(Fault.ARGUMENTS)]

    assert expected == said(cut(octets, places), State.TRANSACTION)


@pytest.mark.parametrize("is_challenged", [False, True])
def test_an_auth_line_may_be_longer_and_has_its_own_limit(*, is_challenged: bool) -> None:
    before = b"AUTH PLAIN\r\n" if is_challenged else b"AUTH PLAIN "
    room = AUTH_OCTETS - 2 - (0 if is_challenged else len(before))
    most = b"A" * (room // 4 * 4)
    last = said([before + most + b"\r\n"])[-1]
    beyond = said([before + most + b"AAAA\r\n", b"CAPA 1\r\n"])[-2:]

    assert not isinstance(last, Malformed)
    assert [Malformed(Fault.TOO_LONG), Malformed(Fault.ARGUMENTS)] == beyond


def test_stls_with_octets_behind_it_is_an_injection() -> None:
    assert [StlsInjection()] == said([b"STLS\r\nX"])
    assert [Stls()] == said([b"STLS\r\n"])


def test_a_password_is_all_that_stands_behind_the_first_space() -> None:
    passed = said([b"USER mrose\r\nPASS  a b \r\n"])[-1]

    assert Pass("mrose", Secret(b" a b ")) == passed


@given(st.binary())
def test_base64_is_read_exactly_or_not_at_all(octets: bytes) -> None:
    response = decode_response(octets)
    again = b"" if response is None else said([b"AUTH X " + octets + b"\r\n"])

    assert response is None or again in ([Auth("X", response)], [Malformed(Fault.NOT_BASE64)])


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("outcome", Outcome)
def test_nothing_happens_that_is_not_in_the_table(state: State, outcome: Outcome) -> None:
    if (state, outcome) in TRANSITIONS:
        assert TRANSITIONS[state, outcome] is moved(state, outcome)
    else:
        with pytest.raises(Bug, match="cannot happen"):
            moved(state, outcome)


def test_every_fault_has_a_text_that_is_no_code() -> None:
    assert set(Fault) == set(FAULTS)
    assert all(not text.startswith("[") for text in FAULTS.values())


@pytest.mark.parametrize("fault", Fault)
def test_every_refusal_fits_in_a_reply(fault: Fault) -> None:
    assert len(err(FAULTS[fault], Code.SYS_TEMP)) <= REPLY_OCTETS


def test_a_reply_that_is_too_long_is_our_own_mistake() -> None:
    room = REPLY_OCTETS - len(b"+OK \r\n")

    assert len(ok("x" * room)) == REPLY_OCTETS
    with pytest.raises(Bug, match="longer"):
        ok("x" * (room + 1))


def test_a_challenge_is_a_plus_and_a_space_and_what_there_is() -> None:
    assert replies.challenge() == b"+ \r\n"
    assert replies.challenge(b"\0") == b"+ AA==\r\n"


def test_a_long_listing_comes_in_blocks() -> None:
    lines = ["1 " + "x" * 70] * 3000
    blocks = list(multi_line("3000 messages", lines))

    assert len(blocks) > 1
    assert max(map(len, blocks)) < BLOCK_OCTETS + REPLY_OCTETS
    assert ["+OK 3000 messages", *lines, "."] == b"".join(blocks).decode().splitlines()
