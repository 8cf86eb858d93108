"""Who comes in and who does not, what is noted of it, and whom it is told."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone
from typing import Any, cast

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.digests import MOST_KEPT
from pillarbox.accounts.entry import Entered, Entry
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.scram import Scram
from pillarbox.accounts.visitor import Refused
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.names import AccountId, DeviceId, Identity, SessionId, SignIn
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Rows
from pillarbox.sasl.exchange import ScramHash
from tests.accounts.fakes import CountedScheme

DAY = 86_400
HERE = "192.0.2.7"
START = 1_800_000_000  # 2027-01-15 08:00 UTC
FACTOR = "INSERT INTO second_factors VALUES (?, 1, 0, 0)"


def sign_in(
    source: str = HERE, protocol: str = "pop3", mechanism: str = "PLAIN", session: str = "abc"
) -> SignIn:
    return SignIn(SessionId(session), source, protocol, "TLSv1.3", mechanism)


@dataclass(frozen=True)
class Place:
    """A door, and who may come in by it."""

    entry: Entry
    mrose: Identity
    phone: Identity
    accounts: Accounts
    devices: Devices
    database: Database

    def tried(self, how: SignIn) -> list[Entered | Refused]:
        """Return what becomes of the main password and of the device's."""
        return [self.entry.enter(each, how) for each in (self.mrose, self.phone)]


@pytest.fixture
def entry(database: Database, clock: FakeClock) -> Entry:
    return Entry(database, clock, zone=UTC)


@pytest.fixture
def mrose(accounts: Accounts) -> Identity:
    return Identity(accounts.add("mrose").id)


@pytest.fixture
def phone(mrose: Identity, devices: Devices) -> Identity:
    devices.add("mrose", "phone")
    return Identity(mrose.account, devices.list("mrose")[0].id)


@pytest.fixture
def place(accounts: Accounts, devices: Devices, database: Database, clock: FakeClock) -> Place:
    mrose = Identity(accounts.add("mrose").id)
    devices.add("mrose", "phone")
    phone = Identity(mrose.account, devices.list("mrose")[0].id)
    return Place(Entry(database, clock, zone=UTC), mrose, phone, accounts, devices, database)


def audited(database: Database, event: str) -> list[dict[str, Any]]:
    with database.reading() as rows:
        found = rows.all("SELECT facts FROM audit WHERE event = ? ORDER BY id", event)
    return [json.loads(facts) for (facts,) in found]


def alerts(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.reading() as rows:
        found = rows.all("SELECT kind, facts FROM alerts ORDER BY id")
    return [(kind, json.loads(facts)) for kind, facts in found]


def test_an_account_comes_in_while_it_is_enabled_and_a_device_until_it_is_revoked(
    entry: Entry, mrose: Identity, phone: Identity, accounts: Accounts, devices: Devices
) -> None:
    before = [entry.enter(each, sign_in()) for each in (mrose, phone)]
    devices.revoke("mrose", "phone")
    revoked = [entry.enter(each, sign_in()) for each in (mrose, phone)]
    accounts.disable("mrose")

    assert [Entered(0), Entered(0)] == before
    assert [Entered(0), Refused.REVOKED] == revoked
    assert Refused.DISABLED is entry.enter(mrose, sign_in())


@pytest.mark.parametrize(
    "stranger", [Identity(AccountId(99)), Identity(AccountId(1), DeviceId(99))]
)
def test_who_never_was_does_not_come_in(entry: Entry, mrose: Identity, stranger: Identity) -> None:
    del mrose

    assert Refused.GONE is entry.enter(stranger, sign_in())


def test_a_device_comes_in_until_it_expires(
    entry: Entry, phone: Identity, mrose: Identity, devices: Devices, clock: FakeClock
) -> None:
    devices.edit("mrose", "phone", {"expires_at": ["2027-01-16"]})
    clock.advance(16 * 3600 - 1)
    before = entry.enter(phone, sign_in())
    clock.advance(1)

    assert [Entered(0), Refused.EXPIRED] == [before, entry.enter(phone, sign_in())]
    assert Entered(0) == entry.enter(mrose, sign_in())


@pytest.mark.parametrize(
    ("setting", "word", "tried", "why"),
    [
        ("networks", "198.51.100.0/24", sign_in(), Refused.NETWORK),
        ("networks", "192.0.2.0/24", sign_in("unix"), Refused.NETWORK),
        ("networks", "192.0.2.0/24", sign_in("2001:db8::1"), Refused.NETWORK),
        ("protocols", "pop2", sign_in(), Refused.PROTOCOL),
        ("protocols", "pop3", sign_in(protocol="pop1"), Refused.PROTOCOL),
        ("hours", "09:00-08:00", sign_in(), Refused.HOURS),
    ],
)
def test_account_and_device_must_both_allow_it(
    place: Place, setting: str, word: str, tried: SignIn, why: Refused
) -> None:
    place.devices.edit("mrose", "phone", {setting: [word]})
    of_device = place.tried(tried)
    place.devices.edit("mrose", "phone", {setting: [""]})
    place.accounts.edit("mrose", {setting: [word]}, {})
    of_account = place.tried(tried)
    place.accounts.edit("mrose", {setting: [""]}, {})

    assert [Entered(0), why] == of_device
    assert [why, why] == of_account
    assert [Entered(0)] * 2 == place.tried(tried)


def test_hours_are_those_of_the_servers_clock(
    database: Database, clock: FakeClock, mrose: Identity, accounts: Accounts
) -> None:
    accounts.edit("mrose", {"hours": ["17:00-18:00"]}, {})
    zones = [UTC, timezone(timedelta(hours=9))]

    assert [Refused.HOURS, Entered(0)] == [
        Entry(database, clock, zone=zone).enter(mrose, sign_in()) for zone in zones
    ]


@pytest.mark.parametrize(
    ("setting", "has_factor", "is_refused"),
    [
        ("", False, False),
        ("", True, True),
        ("allow", True, False),
        ("refuse", False, True),
    ],
)
def test_the_main_password_is_refused_where_that_is_set_or_there_is_a_second_factor(
    place: Place, setting: str, *, has_factor: bool, is_refused: bool
) -> None:
    place.accounts.edit("mrose", {"main_password": [setting]}, {})
    if has_factor:
        place.database.write(lambda rows: rows.run(FACTOR, place.mrose.account))

    assert [Refused.MAIN if is_refused else Entered(0), Entered(0)] == place.tried(sign_in())
    assert [Entered(0)] * 2 == place.tried(sign_in(mechanism="OAUTHBEARER"))


def test_an_account_has_a_login_delay_of_its_own(
    database: Database, clock: FakeClock, accounts: Accounts, mrose: Identity
) -> None:
    entry = Entry(database, clock, 600)
    accounts.edit("mrose", {"login_delay_seconds": ["60"]}, {})
    outcomes = []
    for wait in (0, 59, 1):
        clock.advance(wait)
        outcomes.append(entry.enter(mrose, sign_in()))
    other = [entry.enter(Identity(accounts.add("other").id), sign_in())]

    assert [Entered(60), Refused.LOGIN_DELAY, Entered(60)] == outcomes
    assert [Entered(600)] == other


def test_a_sign_in_that_is_refused_delays_none(
    database: Database, clock: FakeClock, accounts: Accounts, mrose: Identity
) -> None:
    entry = Entry(database, clock, 600)
    accounts.edit("mrose", {"networks": ["192.0.2.0/24"]}, {})

    assert [Refused.NETWORK, Entered(600)] == [
        entry.enter(mrose, sign_in(source)) for source in ("198.51.100.1", HERE)
    ]


def test_the_last_use_is_noted_once_an_hour_or_from_elsewhere(
    entry: Entry, phone: Identity, devices: Devices, clock: FakeClock
) -> None:
    noted = []
    for wait, source in [(0, HERE), (3599, HERE), (1, HERE), (1, "192.0.2.8")]:
        clock.advance(wait)
        entry.enter(phone, sign_in(source))
        [device] = devices.list("mrose")
        noted.append((device.last_used_at, device.last_used_from))

    assert [
        (START, HERE),
        (START, HERE),
        (START + 3600, HERE),
        (START + 3601, "192.0.2.8"),
    ] == noted


def test_the_last_use_is_noted_where_the_clock_was_set_back(
    entry: Entry, phone: Identity, devices: Devices, clock: FakeClock
) -> None:
    entry.enter(phone, sign_in())
    clock.advance(-DAY)
    entry.enter(phone, sign_in())

    assert [START - DAY] == [device.last_used_at for device in devices.list("mrose")]


def test_the_audit_has_who_came_in_from_where_and_how(
    entry: Entry, mrose: Identity, phone: Identity, database: Database
) -> None:
    for identity in (mrose, phone):
        entry.enter(identity, sign_in())
    facts = {
        "session": "abc",
        "source": HERE,
        "protocol": "pop3",
        "mechanism": "PLAIN",
        "tls": "TLSv1.3",
    }

    assert [facts, {**facts, "device": "phone"}] == audited(database, "sign-in.accepted")


def test_the_audit_has_why_somebody_did_not_come_in(
    entry: Entry, phone: Identity, devices: Devices, database: Database
) -> None:
    devices.edit("mrose", "phone", {"networks": ["198.51.100.0/24"]})
    entry.enter(phone, sign_in())

    assert [("network", "phone", HERE)] == [
        (facts["why"], facts["device"], facts["source"])
        for facts in audited(database, "sign-in.refused")
    ]
    assert [] == audited(database, "sign-in.accepted")


def test_a_name_that_nobody_has_is_not_written_down(
    entry: Entry, mrose: Identity, database: Database
) -> None:
    for name in ("MRose", "mrose+phone", "battery staple", "nobody"):
        entry.refused(name, sign_in())
    with database.reading() as rows:
        found = rows.all("SELECT account_id, facts FROM audit WHERE event = 'sign-in.refused'")

    assert [mrose.account, mrose.account, None, None] == [account for account, _ in found]
    assert 1 == len({facts for _, facts in found})
    assert "not-accepted" == json.loads(found[0][1])["why"]


def test_a_network_is_new_where_a_device_comes_in_from_elsewhere(
    entry: Entry, phone: Identity, mrose: Identity, database: Database
) -> None:
    for source in (HERE, "192.0.2.9", "unix", "2001:db8:1::1", "2001:db8:1:2::3"):
        entry.enter(phone, sign_in(source))
    entry.enter(mrose, sign_in("203.0.113.1"))  # another view's first

    assert [("new-network", "phone", "2001:db8:1::/48", "2001:db8:1::1")] == [
        (kind, facts["device"], facts["network"], facts["source"])
        for kind, facts in alerts(database)
    ]


def test_a_network_is_new_again_after_90_days(
    entry: Entry, phone: Identity, database: Database, clock: FakeClock
) -> None:
    entry.enter(phone, sign_in())
    told = []
    for days in (90, 91):
        clock.advance(days * DAY)
        entry.enter(phone, sign_in())
        told.append(len(alerts(database)))

    assert [0, 1] == told


def at_eight_for(days: int, place: Place, clock: FakeClock) -> None:
    for _ in range(days):
        place.entry.enter(place.phone, sign_in())
        clock.advance(DAY)


@pytest.mark.parametrize(
    ("days", "later", "odd"),
    [(20, 2, [("odd-hour", 10)]), (19, 2, []), (20, 1, []), (20, -1, []), (20, 0, [])],
)
def test_an_hour_is_odd_where_it_is_none_of_the_usual_ones(
    place: Place, clock: FakeClock, days: int, later: int, odd: list[object]
) -> None:
    at_eight_for(days, place, clock)
    clock.advance(later * 3600)
    place.entry.enter(place.phone, sign_in())

    assert odd == [(kind, facts["hour"]) for kind, facts in alerts(place.database)]


def test_a_habit_of_long_ago_is_none(place: Place, database: Database, clock: FakeClock) -> None:
    at_eight_for(25, place, clock)
    clock.advance(31 * DAY + 12 * 3600)
    place.entry.enter(place.phone, sign_in())

    assert [] == alerts(database)


def test_no_account_has_more_readable_secrets_than_are_tried_for_every_name(
    accounts: Accounts, devices: Devices
) -> None:
    accounts.add("mrose")
    for number in range(MOST_KEPT):
        devices.add("mrose", f"phone{number}", legacy_digest=True)

    with pytest.raises(OperatorFault, match="at most 4 devices"):
        devices.add("mrose", "another", legacy_digest=True)
    devices.revoke("mrose", "phone0")
    devices.add("mrose", "another", legacy_digest=True)


def test_a_main_password_that_is_refused_costs_what_a_wrong_one_does_and_proves_nothing(
    place: Place, passwords: Passwords, scram: Scram, scheme: CountedScheme
) -> None:
    right = Secret(b"correct horse")
    passwords.set_password("mrose", right)
    before = scram.find("mrose", ScramHash.SHA_256)
    place.accounts.edit("mrose", {"main_password": ["refuse"]}, {})
    after = scram.find("mrose", ScramHash.SHA_256)
    costs = []
    for name, password in [("mrose", right), ("mrose", Secret(b"wrong")), ("nobody", right)]:
        scheme.calls.clear()

        assert passwords.try_password(name, password) is None

        costs.append(list(scheme.calls))

    assert 1 == len(set(map(tuple, costs)))
    assert [(before.salt, before.iterations)] == [(after.salt, after.iterations)]
    assert [place.phone.device, None] == [each.identity.device for each in before.verifiers]
    assert [place.phone.device] == [each.identity.device for each in after.verifiers]


# A disk that takes nothing


@dataclass
class FullDisk:
    """A database that can be read and not written."""

    database: Database

    def entry(self, clock: FakeClock, login_delay_seconds: int = 0) -> Entry:
        return Entry(cast("Database", self), clock, login_delay_seconds, zone=UTC)

    def reading(self) -> AbstractContextManager[Rows]:
        return self.database.reading()

    def write(self, work: object) -> None:
        raise FULL


FULL = StoreFault("database or disk is full")


def test_a_full_disk_keeps_nobody_from_their_mail_and_whoever_asked_hears_of_it(
    place: Place, clock: FakeClock
) -> None:
    door = FullDisk(place.database).entry(clock)

    answers = [door.enter(each, sign_in()) for each in (place.mrose, place.phone)]

    assert [Entered(0, FULL)] * 2 == answers
    assert [] == audited(place.database, "sign-in.accepted")


def test_on_a_full_disk_the_door_asks_all_that_it_asks_else(place: Place, clock: FakeClock) -> None:
    door = FullDisk(place.database).entry(clock)
    place.devices.edit("mrose", "phone", {"protocols": ["pop2"]})
    restricted = door.enter(place.phone, sign_in())
    place.devices.revoke("mrose", "phone")
    revoked = door.enter(place.phone, sign_in())
    place.database.write(lambda rows: rows.run(FACTOR, place.mrose.account))
    main = door.enter(place.mrose, sign_in())
    place.accounts.disable("mrose")

    assert [Refused.PROTOCOL, Refused.REVOKED, Refused.MAIN] == [restricted, revoked, main]
    assert Refused.DISABLED is door.enter(place.phone, sign_in())
    assert Refused.GONE is door.enter(Identity(AccountId(99)), sign_in())


def test_on_a_full_disk_the_last_login_that_is_on_record_delays_the_next(
    place: Place, clock: FakeClock
) -> None:
    Entry(place.database, clock, 600, zone=UTC).enter(place.mrose, sign_in())
    door = FullDisk(place.database).entry(clock, 600)
    early = door.enter(place.mrose, sign_in())
    clock.advance(600)

    assert Refused.LOGIN_DELAY is early
    # What is not on record cannot delay: better often than not at all.
    assert [Entered(600, FULL)] * 2 == [door.enter(place.mrose, sign_in()) for _ in range(2)]
