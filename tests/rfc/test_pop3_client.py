"""What RFC 2449 and RFC 5034 ask of a client's commands."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.secret import Secret
from pillarbox.wire.pop3.commands import Command, UnsendableFault, encode
from pillarbox.wire.pop3.verbs import COMMAND_OCTETS, Auth, Dele, List, Retr, Stat, Top, Uidl, User

NUMBERS = st.integers(1, 10**9)
TEXTS = st.text(max_size=300)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(User, TEXTS),
    st.builds(Auth, st.just("PLAIN"), st.binary(max_size=300).map(Secret) | st.none()),
    st.builds(List, NUMBERS | st.none()),
    st.builds(Uidl, NUMBERS | st.none()),
    st.builds(Retr, NUMBERS),
    st.builds(Dele, NUMBERS),
    st.builds(Top, NUMBERS, NUMBERS),
    st.just(Stat()),
)


@given(COMMANDS)
def test_no_command_is_longer_than_255_octets(command: Command) -> None:
    try:
        line = encode(command)
    except UnsendableFault:
        return

    assert len(line) <= COMMAND_OCTETS == 255
    assert line.endswith(b"\r\n")
    assert line.count(b"\r") == line.count(b"\n") == 1


@pytest.mark.parametrize(
    ("response", "line"),
    [
        (None, b"AUTH PLAIN\r\n"),
        (b"", b"AUTH PLAIN =\r\n"),
        (b"\0mrose\0correct horse", b"AUTH PLAIN AG1yb3NlAGNvcnJlY3QgaG9yc2U=\r\n"),
    ],
)
def test_an_initial_response_is_base64_or_an_equals_sign(
    response: bytes | None, line: bytes
) -> None:
    assert line == encode(Auth("PLAIN", None if response is None else Secret(response)))


@given(st.integers(0, 400))
def test_an_initial_response_that_does_not_fit_waits_for_a_challenge(octets: int) -> None:
    line = encode(Auth("PLAIN", Secret(b"x" * octets)))
    whole = b"AUTH PLAIN " + (base64.b64encode(b"x" * octets) or b"=") + b"\r\n"

    assert line == (whole if len(whole) <= 255 else b"AUTH PLAIN\r\n")
