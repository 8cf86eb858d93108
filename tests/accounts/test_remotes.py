"""Remotes: added with their password or not at all, and removed with it."""

import dataclasses

import pytest

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.remotes import LeavePolicy, Remotes, RemoteSettings, Tls
from pillarbox.accounts.secret_store import MissingKeyFault
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Rows

PASSWORD = Secret(b"canary")


@pytest.fixture
def mrose(accounts: Accounts) -> Account:
    return accounts.add("mrose")


@pytest.fixture
def settings(mrose: Account) -> RemoteSettings:
    return RemoteSettings(mrose.id, "mail.example.org", 995, "M.Rose", Tls.STLS)


def counts(database: Database) -> dict[str, int]:
    tables = ("remotes", "secrets", "ledger", "messages")
    with database.reading() as rows:
        found = {name: rows.one(f"SELECT count(*) FROM {name}") for name in tables}
    return {name: row[0] for name, row in found.items() if row}


def test_an_added_remote_can_be_shown_and_listed(
    remotes: Remotes, settings: RemoteSettings, clock: FakeClock
) -> None:
    added = remotes.add("Work", settings, PASSWORD)

    assert ("work", settings) == (added.name, added.settings)
    assert int(clock.now()) == added.created_at
    assert added == remotes.show("WORK")
    assert [added] == remotes.list()


def test_every_setting_is_kept(remotes: Remotes, settings: RemoteSettings) -> None:
    full = dataclasses.replace(
        settings,
        tls=Tls.NONE,
        ca_file="tls/ca.pem",
        timeout_seconds=30,
        deadline_seconds=600,
        leave=LeavePolicy(delete_after_days=0),
    )
    remotes.add("work", full, PASSWORD)

    assert full == remotes.show("work").settings


def test_remotes_are_listed_by_name(remotes: Remotes, settings: RemoteSettings) -> None:
    for name in ("b", "c", "a"):
        remotes.add(name, settings, PASSWORD)

    assert ["a", "b", "c"] == [remote.name for remote in remotes.list()]


def test_each_remote_has_its_own_password_and_none_shows_it(
    remotes: Remotes, settings: RemoteSettings
) -> None:
    work = remotes.add("work", settings, PASSWORD)
    home = remotes.add("home", settings, Secret(b"other"))

    assert PASSWORD == remotes.password(work)
    assert Secret(b"other") == remotes.password(home)
    assert "canary" not in repr(work)


@pytest.mark.parametrize(
    ("name", "words"), [("Work", "'work' already"), ("w rk", "'w rk' cannot be a name")]
)
def test_a_name_that_is_taken_or_bad_changes_nothing(
    remotes: Remotes, settings: RemoteSettings, database: Database, name: str, words: str
) -> None:
    added = remotes.add("work", settings, PASSWORD)
    before = counts(database)

    with pytest.raises(OperatorFault, match=words):
        remotes.add(name, settings, Secret(b"other"))

    assert before == counts(database)
    assert PASSWORD == remotes.password(added)


def test_a_remote_for_an_account_that_is_not_there_is_refused_before_its_password_is_kept(
    remotes: Remotes, settings: RemoteSettings, accounts: Accounts, database: Database
) -> None:
    accounts.remove("mrose")

    for account in (settings.account, AccountId(99)):
        with pytest.raises(OperatorFault, match="not there any more"):
            remotes.add("work", dataclasses.replace(settings, account=account), PASSWORD)

    assert 0 == counts(database)["secrets"]


def test_a_remote_whose_password_cannot_be_sealed_is_not_added(
    remotes: Remotes, settings: RemoteSettings, key_file: KeyFile, database: Database
) -> None:
    remotes.add("work", settings, PASSWORD)
    key_file.path.unlink()

    with pytest.raises(MissingKeyFault):
        remotes.add("home", settings, PASSWORD)

    assert 1 == counts(database)["remotes"]


@pytest.mark.parametrize("verb", ["show", "remove"])
@pytest.mark.parametrize("name", ["home", "not a name"])
def test_an_unknown_remote_is_named(remotes: Remotes, verb: str, name: str) -> None:
    with pytest.raises(OperatorFault, match=f"There is no remote '{name}'"):
        getattr(remotes, verb)(name)


def test_a_removed_remote_takes_password_and_ledger_along_and_leaves_the_mail(
    remotes: Remotes, settings: RemoteSettings, database: Database
) -> None:
    work, home = (remotes.add(name, settings, PASSWORD) for name in ("work", "home"))

    def collect(rows: Rows) -> None:
        rows.run(
            "INSERT INTO blobs VALUES (zeroblob(32), 9, 'identity', 9, 9, 0, 0, NULL, NULL, 0)"
        )
        message = rows.insert(
            "INSERT INTO messages (account_id, unique_id, digest, arrived_at, state)"
            " VALUES (?, 'u', zeroblob(32), 0, 'maildrop')",
            settings.account,
        )
        ledger = [(remote.id, f"u{number}", message) for remote in (work, home) for number in "ab"]
        rows.run_each(
            "INSERT INTO ledger (remote_id, unique_id, state, message_id, collected_at)"
            " VALUES (?, ?, 'kept', ?, 0)",
            ledger,
        )

    database.write(collect)
    remotes.remove("Work")

    assert {"remotes": 1, "secrets": 1, "ledger": 2, "messages": 1} == counts(database)
    assert PASSWORD == remotes.password(home)
    assert [home] == remotes.list()


def test_a_lost_key_does_not_keep_a_remote_from_being_removed(
    remotes: Remotes, settings: RemoteSettings, key_file: KeyFile, database: Database
) -> None:
    remotes.add("work", settings, PASSWORD)
    key_file.path.unlink()

    remotes.remove("work")

    assert 0 == counts(database)["secrets"]
