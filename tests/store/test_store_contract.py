"""What every store promises, whatever lies below it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.memory import MemoryStore
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import MaildropInUseError, Store

MROSE, OTHER = AccountId(1), AccountId(2)
INSERT = "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(MemoryBlobs())
        return
    database = Database(tmp_path / "pillarbox.db")
    database.write(lambda rows: rows.run_each(INSERT, [("mrose",), ("other",)]))
    blobs = FileBlobs(tmp_path / "blobs", Disk())
    yield SqliteStore(database, blobs, tmp_path / "leases", FakeClock())
    database.close()


def deliver(store: Store, text: str, account: AccountId = MROSE) -> str:
    with store.incoming() as incoming:
        incoming.write(f"Subject: {text}\r\n\r\n".encode())
        kept = incoming.keep()
    return store.deliver(kept, account)


def unique_ids(store: Store, account: AccountId = MROSE) -> list[str]:
    maildrop = store.open_maildrop(account)
    maildrop.release()
    return [message.unique_id for message in maildrop.messages]


def test_the_view_stays_as_it_was_at_login(store: Store) -> None:
    first = deliver(store, "first")
    maildrop = store.open_maildrop(MROSE)
    second = deliver(store, "second")
    maildrop.release()

    assert [first] == [message.unique_id for message in maildrop.messages]
    assert [first, second] == unique_ids(store)


def test_a_commit_removes_the_marked_and_nothing_else(store: Store) -> None:
    ids = [deliver(store, "same") for _ in range(3)]
    maildrop = store.open_maildrop(MROSE)
    late = deliver(store, "late")
    maildrop.commit([maildrop.messages[1]])
    maildrop.release()

    assert [ids[0], ids[2], late] == unique_ids(store)


def test_leaving_without_a_commit_removes_nothing(store: Store) -> None:
    unique_id = deliver(store, "one")

    assert [unique_id] == unique_ids(store)
    assert [unique_id] == unique_ids(store)


def test_a_maildrop_is_open_once_and_a_second_release_takes_nobodys_lease(store: Store) -> None:
    first = store.open_maildrop(MROSE)
    with pytest.raises(MaildropInUseError):
        store.open_maildrop(MROSE)
    store.open_maildrop(OTHER).release()
    first.release()
    second = store.open_maildrop(MROSE)
    first.release()
    with pytest.raises(MaildropInUseError):
        store.open_maildrop(MROSE)
    second.release()


def test_equal_octets_are_one_blob_in_two_maildrops(store: Store) -> None:
    deliver(store, "same")
    deliver(store, "same", OTHER)
    maildrops = [store.open_maildrop(account) for account in (MROSE, OTHER)]
    digests = {maildrop.messages[0].digest for maildrop in maildrops}
    for maildrop in maildrops:
        maildrop.release()

    assert 1 == len(digests)


def test_deliveries_from_many_threads_are_each_there_once(store: Store) -> None:
    with ThreadPoolExecutor(16) as threads:
        ids = list(threads.map(lambda number: deliver(store, str(number)), range(64)))

    assert 64 == len(set(ids))
    assert sorted(ids) == sorted(unique_ids(store))
    assert {26} == {len(unique_id) for unique_id in ids}
