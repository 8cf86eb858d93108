"""The pure session against any client: it never fails, and says the same for every chunking."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.dialogues.core import Core
from tests.dialogues.player import Dialogue
from tests.wire.cutting import PLACES, cut

LINES = st.sampled_from(
    [
        *(b"USER mrose", b"PASS correct horse", b"PASS wrong", b"AUTH", b"AUTH PLAIN", b"*", b"="),
        *(b"AUTH PLAIN AG1yb3NlAGNvcnJlY3QgaG9yc2U=", b"AG1yb3NlAGNvcnJlY3QgaG9yc2U=", b"CAPA"),
        *(b"STAT", b"LIST", b"LIST 1", b"UIDL 2", b"RETR 1", b"RETR 2", b"RETR 0", b"TOP 1 1"),
        *(b"DELE 1", b"DELE 2", b"NOOP", b"RSET", b"QUIT", b"x" * 300, b"\xff\0", b""),
    ]
)
CLIENTS = st.lists(LINES.map(lambda line: line + b"\r\n") | st.binary(max_size=9)).map(b"".join)
LOGIN = st.sampled_from([b"", b"USER mrose\r\nPASS correct horse\r\n"])
UNIQUE_ID = re.compile(rb"[a-z2-7]{26}")


def heard(chunks: list[bytes]) -> tuple[bytes, bool, list[bytes]]:
    """Return what the session said, whether it is over, and what is then in the maildrop."""
    dialogue = Dialogue(
        maildrops={"mrose": ["dots.eml", "bare-lf.eml"]},
        flags={"plaintext allowed", "no certificate"},
    )
    core = Core(dialogue)
    for chunk in filter(None, chunks):  # none at all would be the end of the stream
        core.hear(chunk)
    said, is_over = core.said, core.is_over
    core.hear(b"")
    core.end()
    return UNIQUE_ID.sub(b"ID", said), is_over, core.place.maildrop("mrose")


@given(LOGIN, CLIENTS, PLACES)
def test_a_session_says_and_does_the_same_for_every_chunking(
    login: bytes, client: bytes, places: list[int]
) -> None:
    octets = login + client

    assert heard([octets]) == heard(cut(octets, places))


@given(LOGIN, CLIENTS)
def test_only_a_session_that_ended_with_quit_removes_anything(login: bytes, client: bytes) -> None:
    said, is_over, left = heard([login + client])

    assert said.startswith(b"+OK Pillarbox ready.\r\n")
    has_quit = said.endswith(b"+OK Goodbye.\r\n")
    assert is_over or not has_quit  # ten bad commands and a web client end it too
    if not has_quit or said.count(b"+OK Marked.") == 0:
        assert len(left) == 2
