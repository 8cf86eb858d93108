"""What was removed goes when its time is over, and octets go when no row names them any more."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Row
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.blobs.port import Digest
from pillarbox.store.disk import Disk
from pillarbox.store.purge import BATCH, FRESH_SECONDS, Purge, Purged
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import Kept

MROSE, OTHER = AccountId(1), AccountId(2)
GRACE_DAYS = 30
ROUNDS = 60


class Place:
    """A store on the disk, whose blobs are purged however fresh they are."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.database = Database(folder / "pillarbox.db")
        self.blobs = FileBlobs(folder / "blobs", Disk())
        self.store = SqliteStore(self.database, self.blobs, folder / "leases", self.clock)
        self.purge = Purge(self.database, self.blobs, self.clock, GRACE_DAYS, fresh_seconds=0)

    def close(self) -> None:
        self.database.close()

    def run(self, sql: str, *values: object) -> int:
        return self.database.write(lambda rows: rows.run(sql, *values))

    def all(self, sql: str, *values: object) -> list[Row]:
        with self.database.reading() as rows:
            return rows.all(sql, *values)

    def keep(self, text: str) -> Kept:
        with self.store.incoming() as incoming:
            incoming.write(text.encode())
            return incoming.keep()

    def deliver(self, text: str, account: AccountId = MROSE) -> str:
        return self.store.deliver(self.keep(text), account)

    def remove(self, unique_id: str) -> None:
        now = int(self.clock.now())
        self.run(
            "UPDATE messages SET state = 'removed', left_at = ? WHERE unique_id = ?", now, unique_id
        )

    def texts(self) -> set[bytes]:
        """Return the octets of every blob's file."""
        return {path.read_bytes() for path in self.blobs.folder.glob("??/*")}

    def unique_ids(self) -> set[str]:
        return {unique_id for (unique_id,) in self.all("SELECT unique_id FROM messages")}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    made.run(
        "INSERT INTO accounts (name, state, created_at)"
        " VALUES ('mrose', 'enabled', 0), ('other', 'enabled', 0)"
    )
    with closing(made):
        yield made


def test_what_was_removed_goes_when_the_grace_time_is_over_and_not_before(place: Place) -> None:
    place.remove(place.deliver("gone"))
    stays = place.deliver("stays")
    place.clock.advance(GRACE_DAYS * DAY_SECONDS - 1)
    assert Purged(0, 0) == place.purge.run()
    place.clock.advance(1)

    assert Purged(1, 1) == place.purge.run()
    assert {stays} == place.unique_ids()
    assert {b"stays"} == place.texts()
    assert [(5,)] == place.all("SELECT octets FROM blobs")
    assert Purged(0, 0) == place.purge.run()


def test_octets_stay_while_another_maildrop_has_them(place: Place) -> None:
    place.remove(place.deliver("same"))
    stays = place.deliver("same", OTHER)
    place.clock.advance(GRACE_DAYS * DAY_SECONDS)

    assert Purged(1, 0) == place.purge.run()
    assert {stays} == place.unique_ids()
    assert {b"same"} == place.texts()


def test_what_is_in_quarantine_stays_until_that_ends(place: Place) -> None:
    place.remove(place.deliver("kept"))
    place.run("UPDATE messages SET keep_until = ?", place.clock.now() + 90 * DAY_SECONDS)
    place.clock.advance(89 * DAY_SECONDS)
    assert Purged(0, 0) == place.purge.run()
    place.clock.advance(DAY_SECONDS)

    assert Purged(1, 1) == place.purge.run()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE messages SET state = 'archive', archived = 1",
        "UPDATE messages SET archived = 1",
        (
            "INSERT INTO ledger (remote_id, unique_id, state, message_id, collected_at)"
            " VALUES (1, 'a', 'kept', 1, 0)"
        ),
        "UPDATE messages SET state = 'maildrop'",
    ],
)
def test_what_is_archived_or_collected_or_served_is_never_touched(
    place: Place, change: str
) -> None:
    place.run("INSERT INTO secrets VALUES (1, 'remote', 'key', x'00', 0)")
    place.run(
        "INSERT INTO remotes (name, account_id, host, port, tls, user, secret_id, created_at)"
        " VALUES ('there', 1, 'host', 110, 'none', 'user', 1, 0)"
    )
    place.remove(place.deliver("kept"))
    place.run(change)
    place.clock.advance(1000 * DAY_SECONDS)

    assert Purged(0, 0) == place.purge.run()
    assert {b"kept"} == place.texts()


def test_what_is_known_of_a_message_goes_with_it(place: Place) -> None:
    place.run("INSERT INTO views (id, account_id, role, created_at) VALUES (7, 1, 'master', 0)")
    place.remove(place.deliver("gone"))
    place.run("INSERT INTO view_messages VALUES (1, 7, 0, 0, 0)")
    place.run(
        "INSERT INTO removals (message_id, view_id, why, removed_at) VALUES (1, 7, 'dele', 0)"
    )
    place.clock.advance(GRACE_DAYS * DAY_SECONDS)

    assert Purged(1, 1) == place.purge.run()
    assert [] == place.all("SELECT 1 FROM view_messages") + place.all("SELECT 1 FROM removals")


def test_more_than_a_batch_goes_in_one_run(place: Place) -> None:
    place.keep("unnamed")
    ids = [place.deliver("same") for _ in range(BATCH + 1)]
    for each in ids:
        place.remove(each)
    place.clock.advance(GRACE_DAYS * DAY_SECONDS)

    assert Purged(BATCH + 1, 2) == place.purge.run()


def test_octets_that_were_kept_for_nobody_go_a_day_later(place: Place) -> None:
    kept = place.keep("unnamed")
    patient = Purge(place.database, place.blobs, place.clock, GRACE_DAYS)

    assert Purged(0, 0) == patient.run()
    path = place.blobs.path(kept.digest)
    then = path.stat().st_mtime - FRESH_SECONDS - 1
    os.utime(path, (then, then))
    assert Purged(0, 1) == patient.run()
    assert set() == place.texts()


def test_a_file_that_is_no_blob_is_left_alone(place: Place) -> None:
    stray = place.blobs.folder / "ab" / "notes.txt"
    stray.write_bytes(b"notes")

    assert Purged(0, 0) == place.purge.run()
    assert {b"notes"} == place.texts()


def test_a_delivery_whose_octets_were_purged_is_refused(place: Place) -> None:
    kept = place.keep("late")
    assert Purged(0, 1) == place.purge.run()

    with pytest.raises(StoreFault):
        place.store.deliver(kept, MROSE)
    assert set() == place.unique_ids()


def test_octets_that_are_named_since_the_look_are_left_alone(place: Place) -> None:
    class Slow(Purge):
        def _unnamed(self) -> Iterator[Digest]:
            found = list(super()._unnamed())
            place.store.deliver(kept, MROSE)
            yield from found

    kept = place.keep("early")

    assert Purged(0, 0) == Slow(place.database, place.blobs, place.clock, 30, 0).run()
    assert {b"early"} == place.texts()


def test_equal_octets_that_come_while_they_are_purged_are_whole_or_refused(place: Place) -> None:
    is_over = False
    missing: list[str] = []
    delivered: list[str] = []

    def deliver() -> None:
        for _ in range(ROUNDS):
            try:
                unique_id = place.deliver("same")
            except StoreFault:
                continue  # the sender comes again
            delivered.append(unique_id)
            if {b"same"} != place.texts():
                missing.append(unique_id)
            place.run("UPDATE messages SET state = 'removed', left_at = 0")

    def purge() -> None:
        with closing(Place(place.folder)) as other:  # as another process has it
            other.clock.advance(GRACE_DAYS * DAY_SECONDS)
            while not is_over:
                other.purge.run()

    with ThreadPoolExecutor() as threads:
        purging = threads.submit(purge)
        delivering = threads.submit(deliver)
        delivering.exception()
        is_over = True

    assert [] == missing
    assert delivered
    delivering.result()
    purging.result()
