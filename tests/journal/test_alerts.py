"""Alerts wait until somebody was told: claimed by one at a time, and never lost."""

import threading
from pathlib import Path

import pytest

from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database
from pillarbox.journal import alerts as module
from pillarbox.journal.alerts import STALE_DAYS, Alert, AlertKind, Alerts, raise_alert

LEASE = 100


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path / "pillarbox.db")
    database.write(
        lambda rows: rows.run(
            "INSERT INTO accounts (name, state, created_at) VALUES ('mrose', 'enabled', 0),"
            " ('gone', 'removed', 0)"
        )
    )
    return database


@pytest.fixture
def alerts(database: Database, clock: FakeClock) -> Alerts:
    return Alerts(database, clock)


def raised(database: Database, at: float, account: int | None = 1, **facts: str) -> None:
    whose = None if account is None else AccountId(account)
    database.write(
        lambda rows: raise_alert(rows, int(at), AlertKind.LOCKED, whose, **facts),
    )


def numbers(alerts: Alerts) -> list[int]:
    """Claim all that wait; return their numbers."""
    found = []
    while (alert := alerts.claim(LEASE)) is not None:
        found.append(alert.number)
    return found


def test_an_alert_is_claimed_with_all_that_is_known_of_it(
    database: Database, alerts: Alerts, clock: FakeClock
) -> None:
    raised(database, clock.now(), source="192.0.2.7")

    assert Alert(
        number=1,
        at=int(clock.now()),
        kind="locked",
        account=AccountId(1),
        name="mrose",
        facts={"source": "192.0.2.7"},
        tries=1,
    ) == alerts.claim(LEASE)


def test_the_oldest_is_claimed_first_and_each_once(
    database: Database, alerts: Alerts, clock: FakeClock
) -> None:
    for _ in range(3):
        raised(database, clock.now())

    assert [1, 2, 3] == numbers(alerts)
    assert [] == numbers(alerts)


def test_of_many_who_claim_at_once_each_gets_another(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    for _ in range(20):
        raised(database, clock.now())
    found: list[int] = []

    def claim() -> None:  # as another process does: with a database of its own
        found.extend(numbers(Alerts(Database(tmp_path / "pillarbox.db"), clock)))

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(1, 21)) == sorted(found)


def test_an_alert_whose_teller_died_is_told_by_another_when_the_lease_is_over(
    database: Database, alerts: Alerts, clock: FakeClock
) -> None:
    raised(database, clock.now())
    numbers(alerts)
    clock.advance(LEASE - 1)
    before = numbers(alerts)
    clock.advance(1)
    again = alerts.claim(LEASE)

    assert [] == before
    assert again is not None
    assert (1, 2) == (again.number, again.tries)


def test_an_alert_that_was_put_off_rests(
    database: Database, alerts: Alerts, clock: FakeClock
) -> None:
    raised(database, clock.now())
    alert = alerts.claim(LEASE)
    assert alert is not None
    alerts.put_off(alert, 10)
    before = numbers(alerts)
    clock.advance(10)

    assert [] == before
    assert [1] == numbers(alerts)


def test_who_told_it_is_kept_and_an_alert_that_is_told_waits_no_more(
    database: Database, alerts: Alerts, clock: FakeClock
) -> None:
    raised(database, clock.now())
    alert = alerts.claim(LEASE)
    assert alert is not None
    alerts.note_told(alert, "mail")
    alerts.note_told(alert, "command")
    alerts.note_told(alert, "mail")
    clock.advance(LEASE)
    told = alerts.claim(LEASE)
    assert told is not None
    alerts.close(told)
    clock.advance(LEASE)

    assert frozenset({"command", "mail"}) == told.told_by
    assert [] == numbers(alerts)
    assert [clock.now() - LEASE] == [each.told_at for each in alerts.list()]


def test_what_is_news_to_nobody_is_listed_and_not_told(
    database: Database, alerts: Alerts, clock: FakeClock
) -> None:
    raised(database, clock.now() - STALE_DAYS * DAY_SECONDS)

    assert [] == numbers(alerts)
    assert [1] == [each.number for each in alerts.list()]


def test_alerts_about_nobody_and_about_whom_is_gone_are_alerts_too(
    database: Database,
    alerts: Alerts,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PAGE_ALERTS", 1)
    raised(database, clock.now(), account=None)
    raised(database, clock.now(), account=2)

    assert [(None, False), ("gone", True)] == [
        (each.name, each.is_removed) for each in alerts.list()
    ]
    assert [1, 2] == numbers(alerts)
