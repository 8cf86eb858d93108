"""What holds from one session to the next: RFC 1939, sections 4, 6 and 7."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId, Identity
from pillarbox.db.sqlite import Database
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.memory import MemoryStore
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import Store
from tests.rfc.session import LOGIN, ask, begin

MROSE = AccountId(1)
INSERT = "INSERT INTO accounts (name, state, created_at) VALUES ('mrose', 'enabled', 0)"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(MemoryBlobs())
        return
    database = Database(tmp_path / "pillarbox.db")
    database.write(lambda rows: rows.run_each(INSERT, [()]))
    blobs = FileBlobs(tmp_path / "blobs", Disk())
    yield SqliteStore(database, blobs, tmp_path / "leases", FakeClock())
    database.close()


def deliver(store: Store) -> str:
    with store.incoming() as incoming:
        incoming.write(b"Subject: The same\r\n\r\n")
        return store.deliver(incoming.keep(), MROSE)


def test_a_message_that_comes_again_has_a_new_unique_id(store: Store) -> None:
    given = []
    for _ in range(3):
        given.append(deliver(store))
        maildrop = store.open_maildrop(Identity(MROSE))
        maildrop.commit(maildrop.messages)
        maildrop.release()

    assert len(set(given)) == 3


def test_a_session_begins_with_nothing_marked() -> None:
    first, second = begin(), begin()
    second.place = first.place
    ask(first, LOGIN + b"DELE 1\r\nDELE 2\r\n")
    first.hear(b"")
    first.end()

    assert ask(second, LOGIN + b"STAT\r\n")[-1] == b"+OK 2 169"


def test_a_unique_id_outlives_a_session_that_was_dropped() -> None:
    first, second = begin(), begin()
    second.place = first.place
    before = ask(first, LOGIN + b"UIDL\r\n")[2:]
    ask(first, b"DELE 1\r\n")
    first.hear(b"")
    first.end()

    assert len(before) == 4
    assert before == ask(second, LOGIN + b"UIDL\r\n")[2:]
