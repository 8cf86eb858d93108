"""POP2 and POP1 against any client, and with stores that fail."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.errors import Bug, PeerFault
from pillarbox.base.names import Identity
from pillarbox.message.served import ServedForm, Transformation
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.sasl.exchange import Refusal
from pillarbox.server.effects import (
    Closed,
    Commit,
    Effect,
    Effects,
    NoteRefused,
    Opened,
    Receive,
    Send,
)
from pillarbox.server.historical import Mailbox
from pillarbox.server.limits import Limits
from pillarbox.server.pop1 import Pop1Session
from pillarbox.server.pop2 import Pop2Session
from pillarbox.server.refusals import REFUSALS, REMOVAL_FAILED
from pillarbox.server.service import Pop3Service
from pillarbox.server.services import Timers
from pillarbox.store.blobs.port import Digest
from pillarbox.store.store import Message, MessageId
from pillarbox.wire.pop1.replies import err
from tests.dialogues.core import Core
from tests.dialogues.player import Dialogue
from tests.server.rig import ACCOUNT, SECONDS, FakeStore, Rig
from tests.wire.cutting import PLACES, cut

PROTOCOLS = pytest.mark.parametrize("protocol", ["pop2", "pop1"])
FORM = ServedForm(Transformation.IDENTITY, 3, 0, has_dot_lines=False, has_8bit_header=False)
WORDS = [
    *(b"HELO mrose correct\\ horse", b"HELO a b", b"FOLD INBOX", b"FOLD x", b"READ", b"READ 2"),
    *(b"RETR", b"ACKS", b"ACKD", b"NACK", b"USER mrose", b"PASS correct horse", b"PASS x"),
    *(b"RETR INBOX", b"RDEL INBOX", b"RDEL x", b"RCEV", b"RCVD", b"RSET", b"NOOP", b"QUIT"),
    *(b"x" * 600, b"\xff\0", b""),
]
LINES = st.sampled_from(WORDS).map(lambda line: line + b"\r\n")
CLIENTS = st.lists(LINES | st.binary(max_size=9)).map(b"".join)
LOGINS = {
    "pop2": [b"", b"HELO mrose correct\\ horse\r\n", b"HELO mrose correct\\ horse\r\nREAD\r\n"],
    "pop1": [b"", b"USER mrose\r\nPASS correct horse\r\n"],
}
HELO = b"HELO mrose correct\\ horse\r\nREAD\r\nRETR\r\n"
RDEL = b"USER mrose\r\nPASS correct horse\r\nRDEL INBOX\r\nRCEV\r\n"


def heard(protocol: str, chunks: Iterable[bytes]) -> tuple[bytes, bool, list[bytes]]:
    """Return what the session said, whether it is over, and what is then in the maildrop."""
    core = Core(Dialogue(protocol, maildrops={"mrose": ["dots.eml", "bare-lf.eml"]}))
    for chunk in filter(None, chunks):  # none at all would be the end of the stream
        core.hear(chunk)
    said, is_over = core.said, core.is_over
    core.hear(b"")
    core.end()
    return said, is_over, core.place.maildrop("mrose")


@PROTOCOLS
@given(st.integers(0, 2), CLIENTS, PLACES)
def test_a_session_says_and_does_the_same_for_every_chunking(
    protocol: str, login: int, client: bytes, places: list[int]
) -> None:
    octets = LOGINS[protocol][login % len(LOGINS[protocol])] + client

    assert heard(protocol, [octets]) == heard(protocol, cut(octets, places))


@PROTOCOLS
@given(CLIENTS)
def test_nothing_is_removed_that_no_command_removes(protocol: str, client: bytes) -> None:
    octets = LOGINS[protocol][1] + client
    _, _, left = heard(protocol, [octets.replace(b"ACKD", b"ACKS").replace(b"RDEL", b"RETR")])

    assert 2 == len(left)


# Refusals


def lived(effects: Effects, *answers: object) -> list[Effect]:
    """Run a session; each effect that asks is answered with the next of `answers`."""
    rest, asked = iter(answers), [next(effects)]
    try:
        while True:
            asked.append(
                effects.send(None if isinstance(asked[-1], Send | NoteRefused) else next(rest))
            )
    except StopIteration:
        return asked


def said_in(effects: list[Effect]) -> bytes:
    return b"".join(effect.octets for effect in effects if isinstance(effect, Send))


@pytest.mark.parametrize("why", REFUSALS)
def test_every_refusal_has_its_words(why: Refusal | Closed) -> None:
    answers = [why] if isinstance(why, Refusal) else [Identity(ACCOUNT), why]
    pop2 = lived(Pop2Session("localhost").run(), HELO, *answers)
    pop1 = lived(Pop1Session().run(), LOGINS["pop1"][1], *answers, b"")

    assert said_in(pop2).endswith(f"\r\n- {REFUSALS[why][0]}\r\n".encode())
    assert said_in(pop1).endswith(f"+OK\r\n-ERR {REFUSALS[why][0]}\r\n".encode())


MESSAGES = tuple(Message(MessageId(each), f"id-{each}", Digest(b"x" * 32), FORM) for each in (1, 2))
READS = b"HELO a b\r\nREAD 1\r\nRETR\r\n"
RETR = b"USER a\r\nPASS b\r\nRETR INBOX\r\nRCEV\r\n"


@pytest.mark.parametrize(
    ("octets", "sent", "marked", "had"),
    [
        (READS + b"ACKS\r\nQUIT\r\n", 1, (), MESSAGES[:1]),
        (READS + b"ACKD\r\nQUIT\r\n", 1, MESSAGES[:1], MESSAGES[:1]),
        (READS + b"NACK\r\nQUIT\r\n", 1, (), ()),
        (RETR + b"RCVD\r\nQUIT\r\n", 2, (), MESSAGES),
        (RETR.replace(b"RETR", b"RDEL") + b"RCVD\r\nQUIT\r\n", 2, MESSAGES, MESSAGES),
        (RETR + b"RSET\r\nQUIT\r\n", 2, (), ()),
    ],
)
def test_a_device_has_what_its_client_says_it_received(
    octets: bytes, sent: int, marked: Sequence[Message], had: Sequence[Message]
) -> None:
    session = Pop2Session("localhost") if octets.startswith(b"HELO") else Pop1Session()
    answers = (Identity(ACCOUNT), Opened(MESSAGES, None, 0), *[True] * sent, True)

    effects = lived(session.run(), octets, *answers)

    commits = [effect for effect in effects if isinstance(effect, Commit)]
    assert [(list(marked), list(had))] == [(list(each.marked), list(each.had)) for each in commits]


def test_a_mailbox_opens_for_nobody_but_who_has_logged_in() -> None:
    with pytest.raises(Bug):
        next(Mailbox().open())


def test_a_mailbox_that_another_session_took_meanwhile_stays_closed() -> None:
    lines = b"HELO a b\r\nFOLD other\r\nFOLD INBOX\r\n"
    answers = (Identity(ACCOUNT), Opened((), None, 0), True, Closed.IN_USE)
    said = said_in(lived(Pop2Session("localhost").run(), lines, *answers))

    assert said.endswith(b"#0 messages\r\n#0 messages\r\n- Another session has the maildrop.\r\n")


def test_the_lease_is_given_back_where_a_removal_failed() -> None:
    answers = (Identity(ACCOUNT), Opened((), None, 0), False, None, b"")
    effects = lived(Pop1Session().run(), RDEL + b"RCVD\r\n", *answers)

    assert [Commit(()), Commit(()), Send(err(REMOVAL_FAILED)), Receive()] == effects[-4:]


# Served


def serve(rig: Rig, protocol: str, talk: Callable[[MemoryStream], Awaitable[None]]) -> None:
    """Serve one connection in memory, and let `talk` be its client."""

    async def both() -> None:
        service = Pop3Service(rig.services(), rig.limits)
        ours, theirs = memory_pair()
        begin = service.serve_pop2 if protocol == "pop2" else service.serve_pop1
        session = asyncio.create_task(begin(ours))
        async with asyncio.timeout(SECONDS):
            await talk(theirs)
            await theirs.close()
            await session
        await asyncio.to_thread(rig.hashing.close)
        await asyncio.to_thread(rig.disk.close)

    asyncio.run(both())


def answered(rig: Rig, protocol: str, octets: bytes) -> bytes:
    """Return all that is said to a client who says this and then only listens."""
    said = bytearray()

    async def talk(stream: MemoryStream) -> None:
        await stream.write(octets)
        try:
            while more := await stream.read():
                said.extend(more)
        except PeerFault:
            return

    serve(rig, protocol, talk)
    return bytes(said)


@pytest.mark.parametrize(
    ("protocol", "octets", "word"),
    [("pop2", HELO + b"ACKD\r\nQUIT\r\n", b"- "), ("pop1", RDEL + b"RCVD\r\nQUIT\r\n", b"-ERR ")],
)
def test_a_removal_that_failed_is_said(protocol: str, octets: bytes, word: bytes) -> None:
    rig = Rig(FakeStore(100))
    rig.store.faults.add("remove")

    said = answered(rig, protocol, octets)

    assert word + b"The removal failed. Log in again to see what is left.\r\n" in said
    assert (1, False) == (rig.store.count(), rig.store.is_leased())
    assert "removal.failed" in rig.journal.getvalue()


@pytest.mark.parametrize(
    ("protocol", "octets"), [("pop2", HELO + b"ACKD\r\n"), ("pop1", RDEL + b"RCVD\r\n")]
)
@pytest.mark.parametrize("fault", ["read", "fails after"])
def test_a_message_that_cannot_be_read_ends_the_connection(
    protocol: str, octets: bytes, fault: str
) -> None:
    rig = Rig(FakeStore(100))
    rig.store.faults.add(fault)
    rig.store.fails_after = 0 if fault == "fails after" else None

    said = answered(rig, protocol, octets)

    assert said.count(b"xxx") == 0
    assert (1, False) == (rig.store.count(), rig.store.is_leased())


@pytest.mark.parametrize(
    ("protocol", "octets"),
    [
        ("pop2", HELO + b"ACKD\r\nFOLD x\r\nFOLD INBOX\r\nQUIT\r\n"),
        ("pop1", RDEL + b"RCVD\r\nRETR INBOX\r\nRCEV\r\nQUIT\r\n"),
    ],
)
def test_a_session_logs_in_once_however_often_it_opens_its_mailbox(
    protocol: str, octets: bytes
) -> None:
    rig = Rig(FakeStore(100))

    answered(rig, protocol, octets)

    assert 1 == rig.journal.getvalue().count("login.accepted")
    assert 0 == rig.store.count()


@PROTOCOLS
def test_a_client_that_says_nothing_is_left_without_a_word(protocol: str) -> None:
    rig = Rig(timers=Timers(pre_login=0.05))

    said = answered(rig, protocol, b"")

    assert 1 == said.count(b"\r\n")
    assert "timeout" == rig.why


@PROTOCOLS
def test_connections_are_limited_together_with_those_of_pop3(protocol: str) -> None:
    rig = Rig(limits=Limits(connections=0))

    assert answered(rig, protocol, b"").startswith(b"-ERR")


@PROTOCOLS
def test_no_password_is_ever_written(protocol: str) -> None:
    rig = Rig(try_password=lambda name, password: None)

    answered(rig, protocol, HELO if protocol == "pop2" else RDEL)

    assert "horse" not in rig.journal.getvalue()
