"""POP1's half of a server: events out of octets, the same for every chunking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.secret import Secret
from pillarbox.wire.pop1 import replies
from pillarbox.wire.pop1.grammar import (
    COMMANDS,
    Event,
    Noop,
    Open,
    Pass,
    Quit,
    Rcev,
    Rcvd,
    Rset,
    State,
    User,
    conversation,
)
from pillarbox.wire.pop3.events import Fault
from tests.wire.cutting import PLACES, cut

LINES = st.sampled_from(
    [
        *(b"USER a", b"USER", b"PASS b c", b"PASS", b"RETR INBOX", b"RETR", b"RDEL INBOX"),
        *(b"RCEV", b"RECV", b"RCEV 1", b"RCVD", b"RSET", b"NOOP", b"QUIT", b"x" * 600),
        *(b"\0", b"\xff", b"\r", b""),
    ]
)
OCTETS = st.lists(LINES.map(lambda line: line + b"\r\n") | st.binary(max_size=9)).map(b"".join)


def heard(chunks: list[bytes], state: State = State.AUTHORIZATION) -> list[Event | Fault]:
    """Return what is heard where nothing is refused."""
    there = conversation()
    there.state = state
    found: list[Event | Fault] = []
    for chunk in chunks:
        there.feed(chunk)
        while (event := there.next_event()) is not None:
            found.append(event)
    return found


@given(OCTETS, PLACES, st.sampled_from(State))
def test_any_octets_give_the_same_events_in_any_chunks(
    octets: bytes, places: list[int], state: State
) -> None:
    assert heard([octets], state) == heard(cut(octets, places), state)


def test_every_command_moves_the_session_as_the_diagram_says() -> None:
    there = conversation()
    lines = b"USER a|PASS b c |RETR x|RCEV|RCVD|RDEL x|RECV|RSET|NOOP|QUIT".split(b"|")
    found = []
    for line in lines:
        there.feed(line + b"\r\n")
        found.append((there.next_event(), there.state))

    assert found == [
        (User("a"), State.NAMED),
        (Pass(Secret(b"b c ")), State.WAITING),
        (Open("x", is_removed=False), State.OPENED),
        (Rcev(), State.SENT),
        (Rcvd(), State.WAITING),
        (Open("x", is_removed=True), State.OPENED),
        (Rcev(), State.SENT),
        (Rset(), State.WAITING),
        (Noop(), State.WAITING),
        (Quit(), State.DONE),
    ]
    assert there.is_over


@pytest.mark.parametrize("state", [state for state in State if state is not State.DONE])
@pytest.mark.parametrize("verb", COMMANDS)
def test_a_verb_outside_its_states_changes_nothing(verb: bytes, state: State) -> None:
    there = conversation()
    there.state = state
    there.feed(verb + b" INBOX\r\n")
    event = there.next_event()

    assert (event is Fault.WRONG_STATE) == (state not in COMMANDS[verb].states)
    if isinstance(event, Fault):
        assert there.state is state


def test_replies_are_those_of_the_summary() -> None:
    said = [replies.OK, replies.err("Bad arguments."), replies.characters(537)]

    assert said == [b"+OK\r\n", b"-ERR Bad arguments.\r\n", b"#537\r\n"]


@pytest.mark.parametrize("name", [b"", b"  ", b"m\xffrose", b"m\x07rose"])
def test_octets_that_are_no_text_are_no_name(name: bytes) -> None:
    assert [Fault.ARGUMENTS] == heard([b"USER " + name + b"\r\n"])


def test_nothing_is_heard_after_the_end() -> None:
    there = conversation()
    there.feed(b"NOOP\r\n")
    there.end()

    assert there.next_event() is None
