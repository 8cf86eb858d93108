"""What every store promises, whatever lies below it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, Identity
from pillarbox.db.sqlite import Database
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.memory import MemoryStore
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import MaildropInUseError, Store

MROSE, OTHER = AccountId(1), AccountId(2)
ANOTHER_PROCESS = Path(__file__).with_name("another_process.py")
INSERT = "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "pillarbox.db")
    opened.write(lambda rows: rows.run_each(INSERT, [("mrose",), ("other",)]))
    yield opened
    opened.close()


@pytest.fixture
def embedded(database: Database, tmp_path: Path) -> SqliteStore:
    return open_store(database, tmp_path)


Start = Callable[[str, int], "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start_one(what: str, count: int) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, ANOTHER_PROCESS, what, tmp_path, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def open_store(database: Database, home: Path) -> SqliteStore:
    return SqliteStore(database, FileBlobs(home / "blobs", Disk()), home / "leases", FakeClock())


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore(MemoryBlobs())
    return open_store(database, tmp_path)


def deliver(store: Store, text: str, account: AccountId = MROSE) -> str:
    with store.incoming() as incoming:
        incoming.write(f"Subject: {text}\r\n\r\n".encode())
        kept = incoming.keep()
    return store.deliver(kept, account)


def unique_ids(store: Store, account: AccountId = MROSE) -> list[str]:
    maildrop = store.open_maildrop(Identity(account))
    maildrop.release()
    return [message.unique_id for message in maildrop.messages]


def test_the_view_stays_as_it_was_at_login(store: Store) -> None:
    first = deliver(store, "first")
    maildrop = store.open_maildrop(Identity(MROSE))
    second = deliver(store, "second")
    maildrop.release()

    assert [first] == [message.unique_id for message in maildrop.messages]
    assert [first, second] == unique_ids(store)


def test_a_commit_removes_the_marked_and_nothing_else(store: Store) -> None:
    ids = [deliver(store, "same") for _ in range(3)]
    maildrop = store.open_maildrop(Identity(MROSE))
    late = deliver(store, "late")
    maildrop.commit([maildrop.messages[1]])
    maildrop.release()

    assert [ids[0], ids[2], late] == unique_ids(store)


def test_leaving_without_a_commit_removes_nothing(store: Store) -> None:
    unique_id = deliver(store, "one")

    assert [unique_id] == unique_ids(store)
    assert [unique_id] == unique_ids(store)


def test_a_maildrop_is_open_once_and_a_second_release_takes_nobodys_lease(store: Store) -> None:
    first = store.open_maildrop(Identity(MROSE))
    with pytest.raises(MaildropInUseError):
        store.open_maildrop(Identity(MROSE))
    store.open_maildrop(Identity(OTHER)).release()
    first.release()
    second = store.open_maildrop(Identity(MROSE))
    first.release()
    with pytest.raises(MaildropInUseError):
        store.open_maildrop(Identity(MROSE))
    second.release()


def test_equal_octets_are_one_blob_in_two_maildrops(store: Store) -> None:
    deliver(store, "same")
    deliver(store, "same", OTHER)
    maildrops = [store.open_maildrop(Identity(account)) for account in (MROSE, OTHER)]
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


def test_messages_are_numbered_in_the_order_of_their_delivery(store: Store) -> None:
    ids = [deliver(store, text) for text in ("one", "two", "three")]
    deliver(store, "elsewhere", OTHER)

    assert ids == unique_ids(store)


def test_what_was_delivered_is_read_back(store: Store) -> None:
    deliver(store, "hello")
    maildrop = store.open_maildrop(Identity(MROSE))
    reader = store.read(maildrop.messages[0].digest)
    octets = reader.read(1000)
    reader.close()
    maildrop.release()

    assert b"Subject: hello\r\n\r\n" == octets


def test_a_commit_of_nothing_removes_nothing(store: Store) -> None:
    unique_id = deliver(store, "one")
    maildrop = store.open_maildrop(Identity(MROSE))
    maildrop.commit([])
    maildrop.release()
    maildrop.release()

    assert [unique_id] == unique_ids(store)


def test_unique_ids_are_the_same_after_the_store_is_opened_again(
    embedded: SqliteStore, tmp_path: Path
) -> None:
    ids = [deliver(embedded, "same"), deliver(embedded, "same")]
    again = Database(tmp_path / "pillarbox.db")

    assert ids == unique_ids(open_store(again, tmp_path))
    again.close()


def test_what_is_archived_leaves_the_maildrop_for_the_archive(
    embedded: SqliteStore, database: Database
) -> None:
    archived, plain = deliver(embedded, "archived"), deliver(embedded, "plain")
    database.write(
        lambda rows: rows.run("UPDATE messages SET archived = 1 WHERE unique_id = ?", archived)
    )
    maildrop = embedded.open_maildrop(Identity(MROSE))
    maildrop.commit(maildrop.messages)
    maildrop.release()
    with database.reading() as rows:
        states = rows.all("SELECT unique_id, state FROM messages ORDER BY id")

    assert [(archived, "archive"), (plain, "removed")] == states
    assert [] == unique_ids(embedded)


def test_another_process_holds_the_lease_until_it_is_killed(
    embedded: SqliteStore, start: Start
) -> None:
    unique_id = deliver(embedded, "one")
    holder = start("hold", 0)
    with pytest.raises(MaildropInUseError):
        embedded.open_maildrop(Identity(MROSE))
    embedded.open_maildrop(Identity(OTHER)).release()
    holder.kill()
    holder.communicate()

    assert [unique_id] == unique_ids(embedded)


def test_two_processes_that_deliver_at_once_lose_nothing(
    embedded: SqliteStore, start: Start
) -> None:
    process = start("deliver", 10)
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    ours = [deliver(embedded, str(number)) for number in range(10)]
    theirs = process.communicate()[0].split()

    assert 10 == len(theirs)
    assert sorted(ours + theirs) == sorted(unique_ids(embedded))


def test_a_view_that_cannot_be_read_gives_the_lease_back(
    embedded: SqliteStore, database: Database
) -> None:
    database.write(lambda rows: rows.run("ALTER TABLE messages RENAME TO hidden"))
    with pytest.raises(StoreFault):
        embedded.open_maildrop(Identity(MROSE))
    database.write(lambda rows: rows.run("ALTER TABLE hidden RENAME TO messages"))

    assert [] == unique_ids(embedded)
