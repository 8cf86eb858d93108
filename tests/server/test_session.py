"""The pure session against any client: it never fails, and says the same for every chunking."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.message.served import ServedForm, Transformation
from pillarbox.server.effects import Commit
from pillarbox.server.transaction import Transaction, View
from pillarbox.server.voice import Voice
from pillarbox.store.blobs.port import Digest
from pillarbox.store.store import Message, MessageId
from pillarbox.wire.pop3.server import ServerConversation
from pillarbox.wire.pop3.state import Outcome
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
FORM = ServedForm(Transformation.IDENTITY, 3, 0, has_dot_lines=False, has_8bit_header=False)
MESSAGE = Message(MessageId(1), "id", Digest(b"x" * 32), FORM)
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


@pytest.mark.parametrize(
    ("told", "was_listed"), [(b"UIDL\r\n", True), (b"UIDL 1\r\nSTAT\r\nLIST\r\n", False)]
)
def test_a_client_that_was_told_all_unique_ids_knows_what_it_left(
    told: bytes, was_listed: bool
) -> None:
    transaction = Transaction([MESSAGE], View(), Voice())
    conversation = ServerConversation()
    conversation.happened(Outcome.ADMITTED)
    conversation.feed(told)
    while event := conversation.next_event():
        list(transaction.handle(event))

    assert Commit([], [], was_listed) == next(transaction.update())
