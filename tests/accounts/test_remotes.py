"""Remotes: added with their password or not at all, and removed with it."""

import dataclasses
from typing import Any

import pytest

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.remote_settings import (
    LeavePolicy,
    Protocol,
    RemoteSettings,
    Role,
    Schedule,
    SecretKind,
    Tls,
)
from pillarbox.accounts.remotes import ChangedFault, Remotes
from pillarbox.accounts.secret_store import MissingKeyFault
from pillarbox.archive.ledger import is_of_server
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
        mechanism="APOP",
        protocol=Protocol.IMAP,
        folders=("INBOX", "受信箱"),
        role=Role.READER,
        secret_kind=SecretKind.COMMAND,
        into_maildrop=True,
        leave=LeavePolicy(0, 3, when_archived=True, after_backups=2),
        schedule=Schedule(cron="0 4 * * *"),
    )
    remotes.add("work", full, PASSWORD)
    remotes.add("home", settings, PASSWORD)
    edited = remotes.edit("home", lambda _: full)

    assert full == remotes.show("work").settings
    assert full == edited.settings == remotes.show("home").settings


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


@pytest.mark.parametrize("verb", ["show", "remove", "pause", "resume"])
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


def test_an_edit_keeps_what_it_does_not_change(
    remotes: Remotes, settings: RemoteSettings, database: Database
) -> None:
    work = remotes.add("work", settings, PASSWORD)

    edited = remotes.edit("Work", lambda now: dataclasses.replace(now, timeout_seconds=5))

    assert edited == remotes.show("work")
    assert dataclasses.replace(settings, timeout_seconds=5) == edited.settings
    assert (work.id, work.created_at, work.secret) == (edited.id, edited.created_at, edited.secret)
    assert PASSWORD == remotes.password(edited)
    assert ("remote.edited", '{"remote":"work","timeout_seconds":5}') == last_line(database)


def test_an_edit_may_change_the_password_and_the_audit_has_the_fact_alone(
    remotes: Remotes, settings: RemoteSettings, database: Database
) -> None:
    remotes.add("work", dataclasses.replace(settings, mechanism="PLAIN"), PASSWORD)

    work = remotes.edit(
        "work", lambda now: dataclasses.replace(now, mechanism=None), Secret(b"other")
    )

    assert Secret(b"other") == remotes.password(work)
    assert (
        "remote.edited",
        '{"mechanism":"","password_changed":true,"remote":"work"}',
    ) == last_line(database)


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "elsewhere.example.org"},
        {"port": 110},
        {"tls": Tls.NONE},
        {"user": "other"},
        {"secret_kind": SecretKind.COMMAND},
    ],
    ids=str,
)
def test_a_new_password_goes_nowhere_by_old_settings(
    remotes: Remotes, settings: RemoteSettings, changed: dict[str, Any]
) -> None:
    before = remotes.add("work", settings, PASSWORD)
    now = remotes.edit(
        "work", lambda before: dataclasses.replace(before, **changed), Secret(b"other")
    )

    with pytest.raises(ChangedFault, match="'work' was changed meanwhile"):
        remotes.password(before)

    assert Secret(b"other") == remotes.password(now)


def test_nobody_is_kept_from_the_password_by_what_it_has_nothing_to_do_with(
    remotes: Remotes, settings: RemoteSettings
) -> None:
    before = remotes.add("work", settings, PASSWORD)
    remotes.edit("work", lambda now: dataclasses.replace(now, timeout_seconds=5))

    assert PASSWORD == remotes.password(before)


def test_a_secret_takes_the_place_of_the_one_that_was_meant_and_of_no_other(
    remotes: Remotes, settings: RemoteSettings
) -> None:
    work = remotes.add("work", settings, PASSWORD)

    with pytest.raises(ChangedFault):
        remotes.keep_secret(work, Secret(b"next"), instead_of=Secret(b"other"))

    assert PASSWORD == remotes.password(work)

    remotes.keep_secret(work, Secret(b"next"), instead_of=PASSWORD)

    assert Secret(b"next") == remotes.password(work)


def test_an_edit_that_fails_changes_neither_settings_nor_password(
    remotes: Remotes, settings: RemoteSettings, accounts: Accounts
) -> None:
    work = remotes.add("work", settings, PASSWORD)
    gone = accounts.add("gone").id
    accounts.remove("gone")

    with pytest.raises(OperatorFault, match="not there any more"):
        remotes.edit("work", lambda now: dataclasses.replace(now, account=gone), Secret(b"other"))

    assert work == remotes.show("work")
    assert PASSWORD == remotes.password(work)


def test_an_edit_of_nothing_leaves_no_line(
    remotes: Remotes, settings: RemoteSettings, database: Database
) -> None:
    remotes.add("work", settings, PASSWORD)
    before = last_line(database)

    remotes.edit("work", lambda now: now)

    assert before == last_line(database)


def test_a_remote_rests_until_it_is_to_go_on(
    remotes: Remotes, settings: RemoteSettings, clock: FakeClock, database: Database
) -> None:
    remotes.add("work", settings, PASSWORD)
    began = int(clock.now())

    remotes.pause("work")
    clock.advance(60)
    remotes.pause("work")

    assert began == remotes.show("work").paused_at
    assert ("remote.paused", '{"remote":"work"}') == last_line(database)


def test_a_remote_that_goes_on_rests_no_more(
    remotes: Remotes, settings: RemoteSettings, database: Database
) -> None:
    remotes.add("work", settings, PASSWORD)
    remotes.pause("work")

    remotes.resume("work")
    told = last_line(database)
    remotes.resume("work")

    assert remotes.show("work").paused_at is None
    assert ("remote.resumed", '{"remote":"work"}') == told == last_line(database)


def last_line(database: Database) -> tuple[object, ...] | None:
    with database.reading() as rows:
        return rows.one("SELECT event, facts FROM audit ORDER BY id DESC LIMIT 1")


def test_a_lost_key_does_not_keep_a_remote_from_being_removed(
    remotes: Remotes, settings: RemoteSettings, key_file: KeyFile, database: Database
) -> None:
    remotes.add("work", settings, PASSWORD)
    key_file.path.unlink()

    remotes.remove("work")

    assert 0 == counts(database)["secrets"]


@pytest.mark.parametrize(
    ("changed", "is_known"),
    [
        ({"host": "elsewhere.example.org"}, False),
        ({"user": "other"}, False),
        ({"port": 1100}, False),
        ({"port": 110}, True),
        ({"timeout_seconds": 5}, True),
    ],
    ids=str,
)
def test_names_of_one_maildrop_are_not_taken_for_those_of_another(
    remotes: Remotes,
    settings: RemoteSettings,
    database: Database,
    changed: dict[str, Any],
    is_known: bool,
) -> None:
    work = remotes.add("work", settings, PASSWORD)
    sql = "INSERT INTO ledger (remote_id, unique_id, state, collected_at) VALUES (?, ?, 'seen', 1)"
    database.write(lambda rows: rows.run(sql, work.id, "1"))

    for _ in range(2):
        remotes.edit("work", lambda before: dataclasses.replace(before, **changed))

    with database.reading() as rows:
        ((name,),) = rows.all("SELECT unique_id FROM ledger")
    assert is_known is (name == "1")
    assert name.endswith("1")
    assert is_known is is_of_server(name)
