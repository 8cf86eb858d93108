"""Mail leaves the maildrop when the site has kept it for as long as it says, and not before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.base.names import AccountId, Identity
from pillarbox.db.sqlite import Database
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.retention import Retention
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.views.leaving import Why
from pillarbox.store.views.policy import AccountPolicy

ACCOUNT, OTHER = AccountId(1), AccountId(2)


class Place:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.database = Database(folder / "pillarbox.db")
        self.database.write(
            lambda rows: rows.run_each(
                "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)",
                [("mrose",), ("other",)],
            )
        )
        self.store = SqliteStore(self.database, MemoryBlobs(), folder / "leases", self.clock)

    def retire(self, days: int) -> int:
        """Let it run once, and return how many messages were old."""
        policy = AccountPolicy(retention_days=days)
        return Retention(self.database, self.clock, policy).retire().get(Why.RETENTION, 0)

    def deliver(self, octets: bytes, account: AccountId = ACCOUNT) -> str:
        with self.store.incoming() as incoming:
            incoming.write(octets)
            return self.store.deliver(incoming.keep(), account)

    def unique_ids(self, account: AccountId = ACCOUNT) -> list[str]:
        return [message.unique_id for message in self.store.view(account)]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.database.close()


def test_what_is_old_leaves_every_maildrop_and_what_is_not_stays(place: Place) -> None:
    place.deliver(b"old\r\n")
    place.deliver(b"old\r\n", OTHER)
    place.clock.advance(DAY_SECONDS)
    young = place.deliver(b"young\r\n")
    place.clock.advance(29 * DAY_SECONDS)

    assert 2 == place.retire(30)
    assert [young] == place.unique_ids()
    assert [] == place.unique_ids(OTHER)


def test_nothing_leaves_a_second_before_its_time(place: Place) -> None:
    unique_id = place.deliver(b"mail\r\n")
    place.clock.advance(30 * DAY_SECONDS - 1)

    assert 0 == place.retire(30)
    assert [unique_id] == place.unique_ids()


def test_what_leaves_while_a_session_is_open_stays_readable_in_it(place: Place) -> None:
    place.deliver(b"mail\r\n")
    place.clock.advance(31 * DAY_SECONDS)
    session = place.store.open_maildrop(Identity(ACCOUNT))

    assert 1 == place.retire(30)
    reader = place.store.read(session.messages[0].digest)
    assert b"mail\r\n" == reader.read(100)
    reader.close()
    session.commit(session.messages)
    session.release()
    assert [] == place.unique_ids()


def test_what_is_archived_stays_in_the_archive(place: Place) -> None:
    place.deliver(b"mail\r\n")
    place.database.write(lambda rows: rows.run("UPDATE messages SET archived = 1"))
    place.clock.advance(31 * DAY_SECONDS)

    place.retire(30)

    with place.database.reading() as rows:
        assert [("archive",)] == rows.all("SELECT state FROM messages")


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(1, 30), st.integers(0, 60))
def test_nothing_leaves_earlier_than_expire_says(
    tmp_path_factory: pytest.TempPathFactory, arrivals: list[int], days: int, today: int
) -> None:
    place = Place(tmp_path_factory.mktemp("retention"))
    arrived = {}
    for day in range(today + 1):
        for _ in range(arrivals.count(day)):
            arrived[place.deliver(b"mail\r\n")] = day
        place.clock.advance(DAY_SECONDS)
    place.clock.advance(-DAY_SECONDS)

    place.retire(days)

    left = set(place.unique_ids())
    place.database.close()
    assert {each for each, day in arrived.items() if day > today - days} == left
