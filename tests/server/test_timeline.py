"""A session's timeline: what was said and done, bounded, and never a secret."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from pillarbox.journal.session_record import FIRST_STEPS, SessionRecord, Told, count, ranges, spans
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.net.stream import Stream
from pillarbox.server.effects import Secured, StartTls
from pillarbox.server.notes import Note
from pillarbox.server.service import Pop3Service
from pillarbox.server.services import Services
from pillarbox.server.timeline import LAST_STEPS, Timeline
from pillarbox.wire.pop3 import verbs
from pillarbox.wire.pop3.events import Fault
from tests.dialogues.port import contexts
from tests.server.rig import LOGIN, Rig, Talk, converse


class Kept:
    """Records in the order in which they came."""

    def __init__(self) -> None:
        self.records: list[SessionRecord] = []

    def now(self) -> float:
        return 1000.5

    def note(self, record: SessionRecord) -> None:
        self.records.append(record)


class RecordingRig(Rig):
    """A rig whose records can be looked at."""

    kept: Kept

    def services(self) -> Services:
        return replace(super().services(), sessions=self.kept)


def hang_up(stream: Stream) -> None:
    """Say nothing more, and listen on."""
    assert isinstance(stream, MemoryStream)
    stream._outgoing.is_ended = True
    stream._outgoing.moved()


def recorded(said: bytes, rig: Rig | None = None) -> SessionRecord:
    """Say everything at once, then hang up; return the record."""
    recording = RecordingRig(**{name: getattr(rig, name) for name in vars(rig)} if rig else {})
    recording.kept = Kept()

    async def talk(talk: Talk) -> None:
        await talk.stream.write(said)
        hang_up(talk.stream)
        await talk.rest()
        await talk.session

    converse(recording, talk)
    return recording.kept.records[-1]


def shown(told: Told) -> list[tuple[str, str, str, str]]:
    return [(step.stage, step.what, step.first, step.reply) for step in told.steps]


def notes(record: SessionRecord) -> list[str]:
    return [note for step in record.told.steps for note in step.notes]


def test_a_session_is_told_by_its_stages() -> None:
    record = recorded(LOGIN + b"STAT\r\nRETR 1\r\nTOP 2 0\r\nDELE 2\r\nQUIT\r\n")

    assert [
        ("A", "connect", "", "+OK Pillarbox ready."),
        ("A", "USER", "***", "+OK"),
        ("A", "PASS", "***", "+OK 2 messages"),
        ("T", "STAT", "", "+OK 2 300"),
        ("T", "RETR", "1", "+OK 100 octets"),
        ("T", "TOP", "2 0", "+OK Top of message follows."),
        ("T", "DELE", "2", "+OK Marked."),
        ("U", "QUIT", "", "+OK Goodbye."),
        ("U", "end", "", "end"),
    ] == shown(record.told)
    assert ("1", "2", "2") == (record.read, record.seen, record.removed)
    assert (1000, 1000, "end", 1) == (
        record.began_at,
        record.ended_at,
        record.how,
        record.account,
    )
    assert record.octets > 300


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (b"GET / HTTP/1.1\r\n", Note.HTTP),
        (b"FROBNICATE\r\n", Note.UNKNOWN_COMMAND),
        (b"RETR 1\r\n", Note.WRONG_STATE),
        (b"PASS x\r\n", Note.NO_NAME),
        (b"USER \r\n", Note.BAD_ARGUMENTS),
        (b"x" * 300 + b"\r\n", Note.TOO_LONG),
        (b"AUTH NONE\r\n", Note.UNKNOWN_MECHANISM),
        (b"AUTH PLAIN !\r\n", Note.NOT_BASE64),
        (b"AUTH PLAIN\r\n*\r\n", Note.CANCELLED),
        (b"STLS\r\n", Note.NO_TLS_NOW),
        (b"APOP mrose " + b"0" * 32 + b"\r\n", Note.NO_TIMESTAMP),
        (b"USER mrose\r\nPASS wrong\r\n", Note.NOT_ACCEPTED),
        (b"x\r\n" * 10, Note.TOO_MANY_BAD_COMMANDS),
        (LOGIN + b"RETR 9\r\n", Note.NO_SUCH_MESSAGE),
        (LOGIN + b"DELE 1\r\nRETR 1\r\nQUIT\r\n", Note.MARKED),
        (LOGIN + b"DELE 1\r\n", Note.LEFT_WITHOUT_QUIT),
    ],
)
def test_what_a_client_does_wrong_is_noted(said: bytes, note: Note) -> None:
    assert note in notes(recorded(said))


@pytest.mark.parametrize(
    "said",
    [LOGIN, LOGIN + b"DELE 1\r\nRSET\r\n", LOGIN + b"DELE 1\r\nQUIT\r\n", b"CAPA\r\nQUIT\r\n"],
)
def test_what_is_right_has_no_note(said: bytes) -> None:
    assert [] == notes(recorded(said))


def test_stls_is_told_and_what_lies_behind_it() -> None:
    injected = recorded(b"STLS\r\nNOOP\r\n", Rig(tls=contexts()[0]))
    failed = recorded(b"STLS\r\n", Rig(tls=contexts()[0]))

    assert [Note.STLS_INJECTION] == notes(injected)
    assert ("STLS", "end") == (failed.told.steps[1].what, failed.told.steps[-1].what)


def test_a_handshake_that_fails_is_told_with_its_reason() -> None:
    record = recorded(b"USER mrose\r\n", Rig(tls=contexts()[0], is_secure=True))

    assert [Note.HANDSHAKE_FAILED] == notes(record)
    assert "handshake failed" in record.told.steps[-1].reply


def test_many_alike_are_one_step() -> None:
    record = recorded(LOGIN + b"RETR 1\r\nRETR 2\r\nRETR 1\r\nQUIT\r\n")
    step = record.told.steps[3]

    assert ("RETR", "1", "1", 3) == (step.what, step.first, step.last, step.count)
    assert step.octets > 400
    assert 3 == record.told.counts["RETR"]


def test_a_long_session_keeps_its_first_and_its_last_steps() -> None:
    timeline = Timeline(itertools.count().__next__)

    for _ in range(1000):
        timeline.heard(verbs.Stat())
        timeline.heard(verbs.Noop())
    timeline.ended("end")
    told = timeline.told()

    assert FIRST_STEPS + LAST_STEPS + 2 == len(told.steps)
    assert 2002 == len(told.steps) + told.left_out
    assert ("connect", "end") == (told.steps[0].what, told.steps[-1].what)
    assert {"STAT": 1000, "NOOP": 1000} == told.counts


def test_tls_and_what_came_behind_stls_are_told_as_they_happen() -> None:
    timeline = Timeline(itertools.count().__next__)

    timeline.heard(verbs.Stls())
    timeline.saw(StartTls(b"+OK\r\n", b"-ERR\r\n"), Secured(None), 5)
    timeline.secured("TLSv1.3 X")
    timeline.heard(verbs.Stls())
    timeline.saw(StartTls(b"+OK\r\n", b"-ERR\r\n"), None, 5)
    timeline.heard(Fault.TOO_LONG)
    timeline.ended("end")

    assert [
        ("connect", "", ()),
        ("STLS", "", ()),
        ("tls", "TLSv1.3 X", ()),
        ("STLS", "", (Note.STLS_INJECTION,)),
        ("?", "", (Note.TOO_LONG,)),
        ("end", "end", ()),
    ] == [(step.what, step.reply, step.notes) for step in timeline.told().steps]


def test_a_removal_that_fails_removes_nothing_and_is_told() -> None:
    rig = Rig()
    rig.store.faults.add("remove")

    record = recorded(LOGIN + b"DELE 1\r\nQUIT\r\n", rig)

    assert ("", [Note.REMOVAL_FAILED]) == (record.removed, notes(record))


@pytest.mark.parametrize(
    ("how", "noted"),
    [
        ("timeout", [Note.TIMEOUT]),
        ("drained", [Note.DRAINED]),
        ("revoked", [Note.REVOKED]),
        ("TLS: BAD_RECORD_MAC.", [Note.HANDSHAKE_FAILED]),
        ("The connection broke.", []),
    ],
)
def test_how_it_ended_is_told_with_its_meaning(how: str, noted: list[Note]) -> None:
    timeline = Timeline(itertools.count().__next__)

    timeline.ended(how)

    assert noted == list(timeline.told().steps[-1].notes)


SECRETS = [
    b"USER s3cret\r\n",
    b"USER mrose\r\nPASS s3cret\r\n",
    b"PASS s3cret\r\n",
    b"s3cret\r\n",
    b"RETR s3cret\r\n",
    b"APOP s3cret 0123\r\n",
    b"AUTH S3CRET\r\n",
    b"AUTH PLAIN czNjcmV0\r\n",
    b"AUTH PLAIN\r\nczNjcmV0\r\n",
    b"LANG s3cret\r\n",
    LOGIN + b"s3cret\r\nQUIT s3cret\r\n",
]


@pytest.mark.parametrize("said", SECRETS)
def test_nothing_that_a_client_says_is_told_but_numbers(said: bytes) -> None:
    record = recorded(said)

    assert "s3cret" not in repr(record).lower()
    assert "cznjcmv0" not in repr(record).lower()


@pytest.mark.parametrize(
    ("numbers", "text"), [([], ""), ([3], "3"), ([1, 2, 3, 7], "1-3 7"), ([2, 1, 4], "1-2 4")]
)
def test_ids_are_written_in_ranges(numbers: list[int], text: str) -> None:
    assert text == ranges(numbers)
    assert len(numbers) == count(text)
    assert sorted(numbers) == [each for low, high in spans(text) for each in range(low, high + 1)]


def test_a_session_is_known_while_it_lives() -> None:
    rig = RecordingRig()
    rig.kept = Kept()

    async def talk(talk: Talk) -> None:
        await talk.login()
        (record,) = rig.kept.records
        assert (None, "USER") == (record.ended_at, record.mechanism)
        assert Told() == record.told

    converse(rig, talk)

    assert ["end"] == [record.how for record in rig.kept.records[1:]]


@pytest.mark.parametrize("protocol", ["pop2", "pop1"])
def test_the_old_protocols_are_told_too(protocol: str) -> None:
    rig = RecordingRig()
    rig.kept = Kept()
    said = {
        "pop2": b"HELO mrose correct\\ horse\r\nREAD 1\r\nRETR\r\nACKD\r\nQUIT\r\n",
        "pop1": b"USER mrose\r\nPASS correct horse\r\nRDEL INBOX\r\nRCEV\r\nRCVD\r\nQUIT\r\n",
    }[protocol]

    async def talk() -> None:
        ours, theirs = memory_pair()
        service = Pop3Service(rig.services(), rig.limits)
        serve = asyncio.create_task(getattr(service, f"serve_{protocol}")(ours))
        await theirs.write(said)
        async with asyncio.timeout(20):
            while await theirs.read():
                pass
            await serve
        await asyncio.to_thread(rig.hashing.close)
        await asyncio.to_thread(rig.disk.close)

    asyncio.run(talk())

    record = rig.kept.records[-1]
    assert (protocol, "end", 1) == (record.protocol, record.how, record.account)
    assert record.removed.startswith("1")
    assert "correct" not in repr(record)
