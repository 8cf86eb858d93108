"""The record of sessions: written beside them, listed, shown, and forgotten in time."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, SessionId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal import sessions
from pillarbox.journal.journal import Journal
from pillarbox.journal.session_record import SessionRecord, Step, Told
from pillarbox.journal.sessions import Recorder, Sessions

NOW = 100 * DAY_SECONDS
STEP = Step(5, "T", "RETR", "1", "3", 3, "+OK 10 octets", 30, ("no-such-message",))


class Desk:
    """A database with an account, and what writes to it."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "pillarbox.db")
        self.out = io.StringIO()
        add = "INSERT INTO accounts (name, state, created_at) VALUES ('mrose', 'enabled', 0)"
        self.account = AccountId(self.database.write(lambda rows: rows.insert(add)))
        self.sessions = Sessions(self.database)

    def write(self, *records: SessionRecord) -> None:
        recorder = Recorder(
            self.database, FakeClock(), Journal(self.out, FakeClock()), "server", str.lower
        )
        for record in records:
            recorder.note(record)
        recorder.close()

    def names(self, account: AccountId | None = None, since: int = 0) -> list[str]:
        return [session.id for session in self.sessions.list(account, since, 100)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.database.close()


def a_record(name: str, **other: Any) -> SessionRecord:
    facts: dict[str, Any] = {
        "began_at": NOW,
        "source": "192.0.2.1",
        "protocol": "pop3",
        "ended_at": NOW,
    }
    return SessionRecord(id=SessionId(name), **{**facts, **other})


def test_a_record_is_kept_and_told_again(desk: Desk) -> None:
    told = Told((STEP,), 7, {"RETR": 3})
    desk.write(
        a_record(
            "a", account=desk.account, tls="TLSv1.3", how="end", octets=30, told=told, read="1-3"
        )
    )

    found = desk.sessions.show("a")

    assert found is not None
    session, again = found
    assert told == again
    assert ("mrose", None, "server", "1-3", 30) == (
        session.account_name,
        session.device_name,
        session.server,
        session.read,
        session.octets,
    )
    assert None is desk.sessions.show("b")


def test_what_comes_later_takes_the_place_of_what_came_before(desk: Desk) -> None:
    live, over = a_record("a", ended_at=None), a_record("a", how="end")

    desk.write(live)
    desk.write(live, over)

    assert [("a", "end")] == [(each.id, each.how) for each in desk.sessions.list(None, 0, 9)]


def test_an_accounts_sessions_are_listed_and_those_who_tried_it(desk: Desk) -> None:
    desk.write(
        a_record("theirs", account=desk.account, began_at=NOW - 2),
        a_record("strangers", tried="MRose", began_at=NOW - 1),
        a_record("others", tried="nobody", began_at=NOW),
    )

    assert ["theirs", "strangers"] == desk.names(desk.account)
    assert ["theirs", "strangers", "others"] == desk.names()
    assert ["others"] == desk.names(since=NOW)
    tried = [each.tried_name for each in desk.sessions.list(None, 0, 9)]
    assert [None, "mrose", None] == tried


def test_sessions_that_began_in_one_second_keep_their_order(desk: Desk) -> None:
    desk.write(a_record("m"), a_record("z"), a_record("a"))

    assert ["m", "z", "a"] == desk.names()


def test_old_sessions_are_forgotten_and_quiet_and_strange_ones_sooner(desk: Desk) -> None:
    week, months = NOW - 8 * DAY_SECONDS, NOW - 91 * DAY_SECONDS
    desk.write(
        a_record("stranger", began_at=week),
        a_record("quiet", began_at=week, account=desk.account),
        a_record("reader", began_at=week, account=desk.account, read="1"),
        a_record("old", began_at=months, account=desk.account, read="1"),
        a_record("new"),
    )

    dropped = desk.sessions.prune(NOW, 90)

    assert (3, ["reader", "new"]) == (dropped, desk.names())


def test_for_ever_is_for_ever(desk: Desk) -> None:
    desk.write(a_record("old", began_at=1, account=desk.account, read="1"))

    assert 0 == desk.sessions.prune(NOW, 0)


def test_strangers_are_not_kept_without_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "STRANGERS", 2)
    monkeypatch.setattr(sessions, "PRUNE_AFTER", 5)

    desk.write(*(a_record(str(number), began_at=NOW + number) for number in range(5)))

    assert ["3", "4"] == desk.names()


class FullDisk:
    """A database that takes nothing."""

    def write(self, work: Callable[[Rows], object]) -> object:
        raise StoreFault("No space left on device.")


def test_what_cannot_be_written_is_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.database, "write", FullDisk().write)

    desk.write(a_record("a"), a_record("b"))

    assert 'sessions.lost count=2 why="No space left on device."' in desk.out.getvalue()


def test_what_there_is_no_room_for_is_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_WAITING", 1)

    desk.write(a_record("a"), a_record("b"), a_record("c"))

    assert ["a"] == desk.names()
    assert 'sessions.lost count=2 why="too many"' in desk.out.getvalue()
