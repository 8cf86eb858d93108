"""What was removed comes back as the same message, for those from whom it was taken."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, Identity, SessionId
from pillarbox.db.sqlite import Database, Row
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.purge import Purge
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.undo import Undo
from tests.store.devices import MAIN, Household

MROSE, OTHER = AccountId(1), AccountId(2)
PHONE, DESKTOP = 1, 2  # views
GRACE_DAYS = 30


class Place:
    """Two views of one account; what a QUIT or a policy writes is written here by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.database = Database(folder / "pillarbox.db")
        self.blobs = MemoryBlobs()
        self.store = SqliteStore(self.database, self.blobs, folder / "leases", self.clock)
        self.undo = Undo(self.database, self.clock, GRACE_DAYS)
        self.purge = Purge(self.database, self.blobs, self.clock, GRACE_DAYS)
        for name in ("mrose", "other"):
            self.run(
                "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)", name
            )
        for name in ("phone", "desktop"):
            self.run("INSERT INTO devices (account_id, name, created_at) VALUES (1, ?, 0)", name)
        self.run(
            "INSERT INTO views (id, account_id, device_id, role, created_at)"
            " SELECT id, 1, id, 'master', 0 FROM devices"
        )

    @property
    def now(self) -> int:
        return int(self.clock.now())

    def run(self, sql: str, *values: object) -> int:
        return self.database.write(lambda rows: rows.run(sql, *values))

    def all(self, sql: str, *values: object) -> list[Row]:
        with self.database.reading() as rows:
            return rows.all(sql, *values)

    def deliver(self, text: str) -> str:
        with self.store.incoming() as incoming:
            incoming.write(f"Subject: {text}\r\n".encode())
            return self.store.deliver(incoming.keep(), MROSE)

    def hide(self, unique_id: str, view: int, session: str) -> None:
        """Take a message out of one view, as a reader's DELE does."""
        self.run(
            "INSERT INTO view_messages SELECT id, ?, ?, ?, NULL FROM messages WHERE unique_id = ?",
            *(view, self.now, self.now, unique_id),
        )
        self.record(unique_id, "dele", view, session)

    def want(self, unique_id: str, view: int, session: str) -> None:
        """Take a message out of one view, and out of all who have it, as a master's DELE does."""
        self.hide(unique_id, view, session)
        self.run(
            "UPDATE messages SET removal_wanted_at = ? WHERE unique_id = ?", self.now, unique_id
        )

    def leave(self, unique_id: str, why: str | None = "reach", state: str = "removed") -> None:
        """Take a message out of the maildrop, as a policy does."""
        self.run(
            "UPDATE messages SET state = ?, left_at = ? WHERE unique_id = ?",
            *(state, self.now, unique_id),
        )
        if why is not None:
            self.record(unique_id, why, None, None)

    def record(self, unique_id: str, why: str, view: int | None, session: str | None) -> None:
        self.run(
            "INSERT INTO removals (message_id, view_id, session, why, removed_at)"
            " SELECT id, ?, ?, ?, ? FROM messages WHERE unique_id = ?",
            *(view, session, why, self.now, unique_id),
        )

    def hidden(self) -> list[tuple[str, int]]:
        return self.all(
            "SELECT unique_id, view_id FROM view_messages JOIN messages ON id = message_id"
            " WHERE hidden_at IS NOT NULL ORDER BY message_id, view_id"
        )

    def unique_ids(self) -> list[str]:
        return [
            each
            for (each,) in self.all(
                "SELECT unique_id FROM messages WHERE state = 'maildrop'"
                " AND removal_wanted_at IS NULL ORDER BY id"
            )
        ]

    def audit(self) -> list[str]:
        found = self.all("SELECT facts FROM audit WHERE event = 'messages.restored' ORDER BY id")
        return [facts for (facts,) in found]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    with closing(made.database):
        yield made


def test_what_a_session_removed_comes_back_with_its_unique_id(place: Place) -> None:
    ids = [place.deliver(text) for text in ("one", "two", "three")]
    for each in ids[:2]:
        place.want(each, PHONE, "first")
        place.leave(each)
    place.want(ids[2], PHONE, "second")

    back = place.undo.bring_back(MROSE, SessionId("first"))

    assert ids[:2] == [each.unique_id for each in back]
    assert {("first", "phone", "dele", 14)} == {
        (each.session, each.device, each.why, each.octets) for each in back[:1]
    }
    assert ids[:2] == place.unique_ids()
    assert [(ids[2], PHONE)] == place.hidden()
    assert [] == place.all("SELECT 1 FROM messages WHERE left_at IS NOT NULL")
    assert ['{"count":2,"session":"first"}'] == place.audit()


def test_without_a_session_all_comes_back(place: Place) -> None:
    ids = [place.deliver(text) for text in ("one", "two", "three")]
    place.hide(ids[0], PHONE, "first")
    place.want(ids[1], DESKTOP, "second")
    place.leave(ids[2], "retention")

    back = place.undo.bring_back(MROSE)

    assert ids == [each.unique_id for each in back]
    assert [("phone", "first"), ("desktop", "second"), (None, None)] == [
        (each.device, each.session) for each in back
    ]
    assert ids == place.unique_ids()
    assert [] == place.hidden()


def test_what_another_device_has_hidden_stays_hidden_there(place: Place) -> None:
    unique_id = place.deliver("one")
    place.hide(unique_id, DESKTOP, "desk")
    place.want(unique_id, PHONE, "phone")
    place.leave(unique_id)

    place.undo.bring_back(MROSE, SessionId("phone"))

    assert [unique_id] == place.unique_ids()
    assert [(unique_id, DESKTOP)] == place.hidden()
    assert [unique_id] == [each.unique_id for each in place.undo.find(MROSE, SessionId("desk"))]


def test_a_device_goes_on_having_what_comes_back(place: Place) -> None:
    place.want(place.deliver("one"), PHONE, "first")

    place.undo.bring_back(MROSE)

    assert [(PHONE, place.now)] == place.all("SELECT view_id, had_at FROM view_messages")


def test_as_new_it_has_another_unique_id_and_nobody_has_had_it(place: Place) -> None:
    unique_id = place.deliver("one")
    place.hide(unique_id, DESKTOP, "desk")
    place.want(unique_id, PHONE, "first")

    back = place.undo.bring_back(MROSE, SessionId("first"), as_new=True)

    assert [each.unique_id for each in back] == place.unique_ids()
    assert unique_id not in place.unique_ids()
    assert [] == place.all("SELECT 1 FROM view_messages")
    assert [] == place.all("SELECT 1 FROM removals")
    assert ['{"as_new":1,"count":1,"session":"first"}'] == place.audit()


def test_what_was_archived_comes_back_and_stays_archived(place: Place) -> None:
    unique_id = place.deliver("one")
    place.run("UPDATE messages SET archived = 1")
    place.want(unique_id, PHONE, "first")
    place.leave(unique_id, None, "archive")

    place.undo.bring_back(MROSE)

    assert [("maildrop", 1)] == place.all("SELECT state, archived FROM messages")


@pytest.mark.parametrize(
    ("account", "session"), [(MROSE, "nobody"), (OTHER, "first"), (OTHER, None)]
)
def test_where_there_is_nothing_to_bring_back_nothing_changes(
    place: Place, account: AccountId, session: str | None
) -> None:
    place.want(place.deliver("one"), PHONE, "first")

    with pytest.raises(OperatorFault, match="that can be brought back"):
        place.undo.bring_back(account, None if session is None else SessionId(session))

    assert [] == place.unique_ids()
    assert [] == place.audit()


def test_it_can_be_undone_once(place: Place) -> None:
    unique_id = place.deliver("one")
    place.want(unique_id, PHONE, "first")
    place.leave(unique_id)
    place.undo.bring_back(MROSE, SessionId("first"))

    with pytest.raises(OperatorFault):
        place.undo.bring_back(MROSE)
    assert [unique_id] == place.unique_ids()


def test_finding_changes_nothing(place: Place) -> None:
    unique_id = place.deliver("one")
    place.want(unique_id, PHONE, "first")

    assert [unique_id] == [each.unique_id for each in place.undo.find(MROSE)]
    assert [] == place.unique_ids()


def test_the_grace_time_has_an_end_and_quarantine_a_later_one(place: Place) -> None:
    gone, kept = place.deliver("gone"), place.deliver("kept")
    for each in (gone, kept):
        place.want(each, PHONE, "first")
        place.leave(each)
    place.run(
        "UPDATE messages SET keep_until = ? WHERE unique_id = ?",
        *(place.now + 90 * DAY_SECONDS, kept),
    )
    place.clock.advance(GRACE_DAYS * DAY_SECONDS - 1)
    assert 2 == len(place.undo.find(MROSE))
    place.clock.advance(1)

    assert [kept] == [each.unique_id for each in place.undo.find(MROSE)]
    place.clock.advance(60 * DAY_SECONDS)
    assert [] == place.undo.find(MROSE)


def test_the_grace_time_begins_when_the_last_device_lets_a_message_go(place: Place) -> None:
    unique_id = place.deliver("one")
    place.want(unique_id, PHONE, "first")
    place.clock.advance(29 * DAY_SECONDS)
    place.leave(unique_id)
    place.clock.advance(29 * DAY_SECONDS)

    back = place.undo.bring_back(MROSE, SessionId("first"))

    assert [unique_id] == [each.unique_id for each in back]
    assert [] == place.hidden()


# What real sessions and policies write


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    made = Household(tmp_path)
    with closing(made.database):
        yield made


def undo_of(household: Household) -> Undo:
    return Undo(household.database, household.clock, GRACE_DAYS)


def test_each_device_sees_again_what_a_master_took_from_all(household: Household) -> None:
    desktop, phone = household.add_device("master"), household.add_device()
    ids = [household.deliver(), household.deliver()]
    household.visit(phone, had=ids)
    household.visit(desktop, marked=ids, session="mistake")
    assert [] == household.maildrop()

    back = undo_of(household).bring_back(MROSE, SessionId("mistake"))

    assert [(each, "mistake", "device-1") for each in ids] == [
        (each.unique_id, each.session, each.device) for each in back
    ]
    assert ids == household.shown(desktop)
    assert ids == household.shown(phone)
    assert {} == household.settle()


def test_what_a_reader_hid_comes_back_to_it_alone(household: Household) -> None:
    desktop, phone = household.add_device("master"), household.add_device()
    unique_id = household.deliver()
    household.visit(phone, marked=[unique_id], session="phone")

    undo_of(household).bring_back(MROSE, SessionId("phone"))

    assert [unique_id] == household.shown(phone) == household.shown(desktop)


def test_what_left_later_by_the_policy_is_told_as_its_session_s(household: Household) -> None:
    desktop, phone = household.add_device("master"), household.add_device()
    unique_id = household.deliver()
    household.visit(desktop, marked=[unique_id], session="wanted")
    household.visit(phone, had=[unique_id])
    household.settle()
    assert [] == household.maildrop()

    back = undo_of(household).bring_back(MROSE)

    assert [("wanted", "dele")] == [(each.session, each.why) for each in back]
    assert [unique_id] == household.shown(phone) == household.shown(desktop)
    assert {} == household.settle()


def test_a_session_that_is_open_marks_nothing_that_came_back_as_new(household: Household) -> None:
    old = household.deliver()
    household.visit(MAIN, marked=[old], session="first")
    undo_of(household).bring_back(MROSE)
    maildrop = household.store.open_maildrop(MAIN, SessionId("second"))
    household.run(
        "INSERT INTO removals (message_id, view_id, session, why, removed_at)"
        f" VALUES (1, 1, 'third', 'dele', {household.now})"
    )
    (new,) = undo_of(household).bring_back(MROSE, as_new=True)
    maildrop.commit(maildrop.messages)
    maildrop.release()

    assert [new.unique_id] == household.shown(Identity(MROSE))


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sets(st.integers(0, 3)), st.booleans()), max_size=8)
)
def test_after_all_is_undone_every_device_is_shown_all(
    tmp_path_factory: pytest.TempPathFactory, visits: list[tuple[int, set[int], bool]]
) -> None:
    household = Household(tmp_path_factory.mktemp("undo"))
    devices = [household.add_device("master"), household.add_device("master")]
    devices.append(household.add_device())
    ids = [household.deliver() for _ in range(4)]
    is_removed = False
    for device, numbers, settles in visits:
        shown = household.shown(devices[device])
        marked = [each for number, each in enumerate(ids) if number in numbers and each in shown]
        household.visit(devices[device], marked=marked)
        is_removed = is_removed or bool(marked)
        if settles:
            household.settle()

    if is_removed:
        undo_of(household).bring_back(MROSE)

    assert [ids] * 3 == [household.shown(each) for each in devices]
    assert {} == household.settle()
    household.database.close()
