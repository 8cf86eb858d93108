"""A session that removes much that its device never had is obeyed, and what it removed stays."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.base.names import AccountId, DeviceId, Identity, SessionId
from pillarbox.db.sqlite import Database, Row
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.purge import Purge, Purged
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import MessageId
from pillarbox.store.undo import Undo
from pillarbox.store.views.policy import AccountPolicy
from pillarbox.store.views.quarantine import guard, quarantine

MROSE = AccountId(1)
PHONE = Identity(MROSE, DeviceId(1))
SESSION = SessionId("a" * 16)
POLICY = AccountPolicy(mass_delete_messages=4, quarantine_days=90)


class Place:
    """One account with one device."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.database = Database(folder / "pillarbox.db")
        blobs = MemoryBlobs()
        self.store = SqliteStore(self.database, blobs, folder / "leases", self.clock, POLICY)
        self.undo = Undo(self.database, self.clock, 30)
        self.purge = Purge(self.database, blobs, self.clock, 30)
        for sql in (
            "INSERT INTO accounts (name, state, created_at) VALUES ('mrose', 'enabled', 0)",
            "INSERT INTO devices (account_id, name, created_at) VALUES (1, 'phone', 0)",
            "INSERT INTO views (account_id, device_id, role, created_at) SELECT 1, 1, 'master', 0",
        ):
            self.run(sql)
        self.ids = [self.deliver() for _ in range(6)]

    def run(self, sql: str) -> None:
        self.database.write(lambda rows: rows.run(sql))

    def all(self, sql: str) -> list[Row]:
        with self.database.reading() as rows:
            return rows.all(sql)

    def deliver(self) -> str:
        with self.store.incoming() as incoming:
            incoming.write(b"mail\r\n")
            return self.store.deliver(incoming.keep(), MROSE)

    def visit(self, marked: int, had: int = 0) -> None:
        """RETR the first ones, DELE the first ones, and QUIT."""
        maildrop = self.store.open_maildrop(PHONE, SESSION)
        maildrop.commit(maildrop.messages[:marked], maildrop.messages[:had])
        maildrop.release()

    def quarantined(self) -> int:
        (row,) = self.all("SELECT count(*) FROM messages WHERE keep_until IS NOT NULL")
        return int(row[0])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    with closing(made.database):
        yield made


@pytest.mark.parametrize(
    ("never_had", "view", "is_mass"),
    [(19, 19, False), (20, 20, True), (20, 39, True), (20, 40, False), (0, 0, False)],
)
def test_by_default_it_takes_20_and_more_than_half_of_the_view(
    never_had: int, view: int, is_mass: bool
) -> None:
    assert is_mass == guard(never_had, view, AccountPolicy())


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_where_it_is_off_nobody_is_looked_at(never_had: int, view: int) -> None:
    assert not guard(never_had, view, AccountPolicy(mass_delete_messages=0))


def test_what_a_mass_delete_removed_is_kept_and_somebody_is_told(place: Place) -> None:
    place.visit(marked=5)

    facts = '{"count":5,"days":90,"device":"phone","session":"aaaaaaaaaaaaaaaa"}'
    assert 5 == place.quarantined()
    assert [("mass-delete", 1, facts)] == place.all("SELECT kind, account_id, facts FROM alerts")
    assert [(facts,)] == place.all("SELECT facts FROM audit WHERE event = 'messages.quarantined'")
    assert place.ids[5:] == [message.unique_id for message in place.store.shown(PHONE)]


def test_it_can_be_undone_beyond_the_grace_time_and_then_goes(place: Place) -> None:
    place.visit(marked=5)
    place.clock.advance(89 * DAY_SECONDS)
    assert Purged(0, 0) == place.purge.run()

    back = place.undo.bring_back(MROSE, SESSION)

    assert place.ids[:5] == [each.unique_id for each in back]
    assert place.ids == [message.unique_id for message in place.store.view(MROSE)]
    assert 0 == place.quarantined()


@pytest.mark.parametrize("marked", [3, 0])
def test_few_are_not_looked_at(place: Place, marked: int) -> None:
    place.visit(marked=marked)

    assert 0 == place.quarantined()
    assert [] == place.all("SELECT 1 FROM alerts")


def test_a_client_that_fetches_and_deletes_is_not_meant(place: Place) -> None:
    place.visit(marked=6, had=6)

    assert 0 == place.quarantined()


def test_a_client_that_deletes_what_it_fetched_long_ago_is_not_meant(place: Place) -> None:
    place.visit(marked=0, had=6)
    place.clock.advance(7 * DAY_SECONDS)
    place.visit(marked=6)

    assert 0 == place.quarantined()
    assert [] == place.all("SELECT 1 FROM alerts")


def test_a_quarantine_is_never_cut_short(place: Place) -> None:
    place.database.write(lambda rows: quarantine(rows, [MessageId(1)], 500))
    place.database.write(lambda rows: quarantine(rows, [MessageId(1), MessageId(2)], 400))

    assert [(1, 500), (2, 400)] == place.all(
        "SELECT id, keep_until FROM messages WHERE keep_until IS NOT NULL"
    )
