"""What a client without UTF8 is sent, and what LIST says of it, for new mail and for old."""

import contextlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, Identity
from pillarbox.db.sqlite import Database
from pillarbox.message.surrogate.whole import EDITION
from pillarbox.store import old_mail
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.blobs.port import Digest
from pillarbox.store.disk import Disk
from pillarbox.store.memory import MemoryStore
from pillarbox.store.served import surrogate_chunks
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import Message, Store

MROSE = AccountId(1)
WITH_UTF8 = "Subject: Grüße\r\n\r\nbödy\r\n".encode()
SURROGATE = b"Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n\r\n" + "bödy\r\n".encode()
WITH_LF = WITH_UTF8.replace(b"\r", b"")
IN_ASCII = b"Content-Type: message/global\r\n\r\nSubject: a\r\n\r\n"
IN_8BIT = "Subject: a\r\n\r\nbödy\r\n".encode()
NEVER_MEASURED = (
    "UPDATE blobs SET surrogate_octets = NULL, surrogate_header_octets = NULL,"
    " surrogate_edition = 0"
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "pillarbox.db")
    opened.write(
        lambda rows: rows.run(
            "INSERT INTO accounts (name, state, created_at) VALUES ('mrose', 'enabled', 0)"
        )
    )
    yield opened
    opened.close()


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "blobs", Disk())


@pytest.fixture
def embedded(database: Database, blobs: FileBlobs, tmp_path: Path) -> SqliteStore:
    return SqliteStore(database, blobs, tmp_path / "leases", FakeClock())


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, embedded: SqliteStore) -> Store:
    return embedded if request.param == "sqlite" else MemoryStore(MemoryBlobs())


def deliver(store: Store, *messages: bytes) -> None:
    for octets in messages:
        with store.incoming() as incoming:
            for at in range(len(octets)):
                incoming.write(octets[at : at + 1])
            kept = incoming.keep()
        store.deliver(kept, MROSE)


def messages(store: Store) -> list[Message]:
    maildrop = store.open_maildrop(Identity(MROSE))
    maildrop.release()
    return list(maildrop.messages)


def sizes(store: Store) -> list[tuple[int | None, int | None]]:
    forms = [message.form for message in messages(store)]
    return [(form.surrogate_octets, form.surrogate_header_octets) for form in forms]


def sent(store: Store, message: Message) -> bytes:
    with contextlib.closing(store.read(message.digest)) as reader:
        return b"".join(surrogate_chunks(reader, message.form))


def test_a_view_knows_the_size_of_what_is_sent_without_utf8(store: Store) -> None:
    deliver(store, WITH_UTF8, WITH_LF, IN_ASCII, IN_8BIT)
    size = (len(SURROGATE), SURROGATE.index(b"\r\n\r\n") + 4)

    assert [size, size, (None, None), (None, None)] == sizes(store)
    assert [SURROGATE, SURROGATE, IN_ASCII, IN_8BIT] == [
        sent(store, message) for message in messages(store)
    ]


def test_old_mail_is_measured_when_its_maildrop_is_opened(
    embedded: SqliteStore, database: Database
) -> None:
    deliver(embedded, WITH_UTF8, WITH_LF, IN_ASCII, IN_8BIT)
    before = sizes(embedded)
    database.write(lambda rows: rows.run(NEVER_MEASURED))

    assert [None] * 4 == [message.form.surrogate_octets for message in embedded.view(MROSE)]
    assert before == sizes(embedded)
    with database.reading() as rows:
        assert [(EDITION,)] == rows.all("SELECT DISTINCT surrogate_edition FROM blobs")


def test_much_old_mail_is_measured_in_batches(
    embedded: SqliteStore, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_mail, "BATCH", 2)
    deliver(embedded, *(WITH_UTF8 + b"%d" % number for number in range(5)))
    before = sizes(embedded)
    database.write(lambda rows: rows.run(NEVER_MEASURED))

    assert before == sizes(embedded)


def test_a_message_that_is_delivered_again_is_measured_by_that(
    embedded: SqliteStore, database: Database
) -> None:
    deliver(embedded, WITH_UTF8)
    database.write(lambda rows: rows.run(NEVER_MEASURED))
    deliver(embedded, WITH_UTF8)

    assert [len(SURROGATE)] * 2 == [
        message.form.surrogate_octets for message in embedded.view(MROSE)
    ]


def test_old_mail_that_cannot_be_read_keeps_nobody_from_the_rest(
    embedded: SqliteStore, database: Database, blobs: FileBlobs
) -> None:
    deliver(embedded, WITH_UTF8, WITH_LF, IN_8BIT)
    first, second, _ = messages(embedded)
    database.write(lambda rows: rows.run(NEVER_MEASURED))
    blobs.path(first.digest).unlink()
    blobs.path(second.digest).write_bytes(WITH_LF[:20])

    assert [None, None, None] == [octets for octets, _ in sizes(embedded)]
    blobs.path(second.digest).write_bytes(WITH_LF)
    assert [None, len(SURROGATE), None] == [octets for octets, _ in sizes(embedded)]


@pytest.mark.parametrize("octets", [WITH_UTF8, WITH_LF])
@pytest.mark.parametrize("damage", [b"", b"Subject", "Subject: ü".encode() * 1000])
def test_the_surrogate_of_a_damaged_message_is_a_fault(
    embedded: SqliteStore, blobs: FileBlobs, octets: bytes, damage: bytes
) -> None:
    deliver(embedded, octets)
    message = messages(embedded)[0]
    blobs.path(message.digest).write_bytes(damage)

    with pytest.raises(StoreFault):
        sent(embedded, message)


class UnreadableBlobs(MemoryBlobs):
    def open(self, digest: Digest) -> BytesIO:
        raise StoreFault("Input/output error.")


def test_a_message_whose_surrogate_cannot_be_measured_is_not_taken() -> None:
    store = MemoryStore(UnreadableBlobs())
    deliver(store, IN_ASCII)

    with pytest.raises(StoreFault):
        deliver(store, WITH_UTF8)
