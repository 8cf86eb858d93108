"""Whoever tries the app password of a device that is revoked is refused, and somebody is told."""

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.passwords import Passwords
from pillarbox.base.clock import FakeClock
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from pillarbox.journal.alerts import Alerts

HOUR = 3_600


@pytest.fixture
def revoked(accounts: Accounts, devices: Devices) -> Secret:
    """Give the app password of mrose's phone, which was revoked; her tablet was not."""
    accounts.add("mrose")
    accounts.add("other")
    password = devices.add("mrose", "phone")
    devices.add("mrose", "tablet")
    devices.revoke("mrose", "phone")
    return password


def told(database: Database, clock: FakeClock) -> list[tuple[str, str | None, object]]:
    return [
        (alert.kind, alert.name, alert.facts["device"]) for alert in Alerts(database, clock).list()
    ]


@pytest.mark.parametrize("name", ["mrose", "MRose", "mrose+phone", "mrose+tablet"])
def test_a_revoked_password_opens_nothing_and_is_told(
    database: Database, clock: FakeClock, passwords: Passwords, revoked: Secret, name: str
) -> None:
    assert passwords.try_password(name, revoked) is None
    assert [("revoked-device", "mrose", "phone")] == told(database, clock)


@pytest.mark.parametrize("name", ["other", "nobody", "", "a b", "+phone"])
def test_another_name_tells_nothing(
    database: Database, clock: FakeClock, passwords: Passwords, revoked: Secret, name: str
) -> None:
    assert passwords.try_password(name, revoked) is None
    assert [] == told(database, clock)


def test_a_wrong_password_tells_nothing(
    database: Database, clock: FakeClock, passwords: Passwords, revoked: Secret
) -> None:
    assert passwords.try_password("mrose", Secret(revoked.reveal() + b"x")) is None
    assert [] == told(database, clock)


def test_a_phone_that_goes_on_trying_is_told_once_a_day(
    database: Database, clock: FakeClock, passwords: Passwords, revoked: Secret
) -> None:
    for _ in range(30):
        passwords.try_password("mrose", revoked)
        clock.advance(HOUR)

    assert 2 == len(told(database, clock))


def test_the_password_itself_is_not_kept(database: Database, revoked: Secret) -> None:
    with database.reading() as rows:
        kept = rows.one("SELECT revoked_hash FROM devices WHERE name = 'phone'")
        others = rows.all("SELECT 1 FROM devices WHERE revoked_hash IS NOT NULL")

    assert kept is not None
    assert revoked.reveal().decode() not in kept[0]
    assert 1 == len(others)
