"""The terms that are announced before login: the fewest days and the longest delay of all."""

from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.terms import read_terms
from pillarbox.base.clock import FakeClock
from pillarbox.base.names import Identity
from pillarbox.db.sqlite import Database
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.views.policy import AccountPolicy
from pillarbox.wire.pop3.capa import Terms


@pytest.fixture
def two(accounts: Accounts, devices: Devices) -> Accounts:
    accounts.add("mrose")
    accounts.add("zoe")
    devices.add("mrose", "phone")
    return accounts


@pytest.mark.parametrize(("site", "terms"), [((0, 0), Terms()), ((30, 600), Terms(30, 600))])
def test_where_nothing_differs_the_terms_are_the_sites(
    two: Accounts, database: Database, site: tuple[int, int], terms: Terms
) -> None:
    assert terms == read_terms(database, *site)


@pytest.mark.parametrize("site", [(0, 0), (30, 600)])
def test_where_nobody_is_the_terms_are_the_sites(database: Database, site: tuple[int, int]) -> None:
    assert Terms(site[0] or None, site[1]) == read_terms(database, *site)


def test_the_fewest_days_and_the_longest_delay_are_announced(
    two: Accounts, database: Database
) -> None:
    two.edit("mrose", {"retention_days": ["7"], "login_delay_seconds": ["0"]}, {})

    assert Terms(7, 600, expire_differs=True, login_delay_differs=True) == read_terms(
        database, 30, 600
    )


def test_who_cannot_log_in_does_not_count(
    two: Accounts, devices: Devices, database: Database
) -> None:
    devices.edit("mrose", "phone", {"retention_days": ["1"]})
    two.edit("zoe", {"retention_days": ["2"]}, {})
    devices.revoke("mrose", "phone")
    two.disable("zoe")

    assert Terms(30, 0) == read_terms(database, 30, 0)


@pytest.mark.parametrize(
    ("account", "view", "device"),
    [
        ({}, {}, {}),
        ({"retention_days": ["0"]}, {}, {}),
        ({"retention_days": ["40"]}, {}, {"retention_days": ["50"]}),
        ({}, {"window_days": ["3"]}, {"window_days": ["5"], "retention_days": ["4"]}),
        ({"removes_what_all_have": ["yes"]}, {}, {}),
    ],
)
@pytest.mark.parametrize("retention_days", [0, 30])
def test_they_are_the_least_of_what_each_view_announces(
    tmp_path: Path,
    devices: Devices,
    database: Database,
    retention_days: int,
    *,
    account: dict[str, list[str]],
    view: dict[str, list[str]],
    device: dict[str, list[str]],
    accounts: Accounts,
) -> None:
    mrose = accounts.add("mrose").id
    devices.add("mrose", "phone", written=device)
    accounts.edit("mrose", account, view)
    policy = AccountPolicy(retention_days=retention_days)
    store = SqliteStore(database, MemoryBlobs(), tmp_path / "leases", FakeClock(), policy)
    announced = []
    for identity in (Identity(mrose), Identity(mrose, devices.list("mrose")[0].id)):
        maildrop = store.open_maildrop(identity)
        announced.append(maildrop.expire_days)
        maildrop.release()
    days = [1_000_000 if each is None else each for each in announced]
    least = None if min(days) == 1_000_000 else min(days)

    assert Terms(least, 0, expire_differs=len(set(days)) > 1) == read_terms(
        database, retention_days, 0
    )
