"""Accounts: added, listed, disabled, removed, and found for a recipient."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillarbox.accounts.accounts import Account, Accounts, State
from pillarbox.accounts.credentials import Verifier
from pillarbox.accounts.remote_settings import RemoteSettings
from pillarbox.accounts.remotes import Remotes
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database

VERIFIERS = [Verifier("argon2id", "$one"), Verifier("scram-sha-256", "two")]


def dump(database: Database) -> list[object]:
    tables = ("accounts", "credentials")
    with database.reading() as rows:
        return [rows.all(f"SELECT * FROM {table}") for table in tables]


def test_an_added_account_is_enabled_and_can_be_shown_found_and_listed(
    accounts: Accounts, clock: FakeClock
) -> None:
    added = accounts.add("MRose")

    assert Account(added.id, "mrose", State.ENABLED, int(clock.now())) == added
    assert added == accounts.show("mrose")
    assert added == accounts.find("mROSE")
    assert [added] == accounts.list()


def test_accounts_are_listed_by_name(accounts: Accounts) -> None:
    for name in ("b", "c", "a"):
        accounts.add(name)

    assert ["a", "b", "c"] == [account.name for account in accounts.list()]


def test_an_account_is_added_together_with_its_verifiers(
    accounts: Accounts, database: Database
) -> None:
    account = accounts.add("mrose", VERIFIERS)

    with database.reading() as rows:
        kept = rows.all("SELECT account_id, scheme, verifier FROM credentials ORDER BY id")
    assert [(account.id, one.scheme, one.text) for one in VERIFIERS] == kept


def test_a_verifier_is_not_in_its_repr() -> None:
    assert "$one" not in repr(VERIFIERS)


@pytest.mark.parametrize(
    ("name", "words"), [("MRose", "'mrose' already"), ("m+r", "'m+r' cannot be a name")]
)
def test_a_name_that_is_taken_or_bad_changes_nothing(
    accounts: Accounts, database: Database, name: str, words: str
) -> None:
    accounts.add("mrose")
    before = dump(database)

    with pytest.raises(OperatorFault, match=words.replace("+", "\\+")):
        accounts.add(name, VERIFIERS)

    assert before == dump(database)


@pytest.mark.parametrize("name", ["nobody", "No Body", ""])
@pytest.mark.parametrize("verb", ["show", "enable", "disable", "remove"])
def test_an_unknown_account_is_named_and_nothing_changes(
    accounts: Accounts, database: Database, verb: str, name: str
) -> None:
    accounts.add("mrose")
    before = dump(database)

    with pytest.raises(OperatorFault) as caught:
        getattr(accounts, verb)(name)

    assert f"There is no account {name!r}." in str(caught.value)
    assert before == dump(database)


def test_what_is_not_there_is_not_found(accounts: Accounts) -> None:
    assert accounts.find("nobody") is None
    assert accounts.find("not a name") is None


def test_an_account_is_disabled_and_enabled_and_both_may_be_said_twice(
    accounts: Accounts,
) -> None:
    accounts.add("mrose")

    for _ in range(2):
        assert State.DISABLED == accounts.disable("mrose").state
        assert State.DISABLED == accounts.show("mrose").state
    for _ in range(2):
        assert State.ENABLED == accounts.enable("MROSE").state
        assert State.ENABLED == accounts.show("mrose").state


def test_a_removed_account_gives_its_name_to_another_which_is_not_it(accounts: Accounts) -> None:
    first = accounts.add("mrose")
    accounts.remove("mrose")

    assert [] == accounts.list()
    assert accounts.find("mrose") is None
    second = accounts.add("mrose")
    assert first.id != second.id
    accounts.remove("mrose")


def test_a_removed_account_keeps_its_mail_and_loses_its_verifiers(
    accounts: Accounts, database: Database
) -> None:
    account = accounts.add("mrose", VERIFIERS)
    add_message(database, account)

    accounts.remove("mrose")

    with database.reading() as rows:
        assert [(account.id, "maildrop")] == rows.all("SELECT account_id, state FROM messages")
        assert [] == rows.all("SELECT * FROM credentials")


def add_message(database: Database, account: Account) -> None:
    digest = bytes(32)

    def add(rows: object) -> None:
        assert hasattr(rows, "run")
        rows.run("INSERT INTO blobs VALUES (?, 9, 'identity', 9, 9, 0, 0, NULL, NULL, 0)", digest)
        rows.run(
            "INSERT INTO messages (account_id, unique_id, digest, arrived_at, state)"
            " VALUES (?, 'u', ?, 0, 'maildrop')",
            account.id,
            digest,
        )

    database.write(add)


def test_an_account_that_a_remote_collects_into_is_not_removed(
    accounts: Accounts, remotes: Remotes
) -> None:
    account = accounts.add("mrose")
    remotes.add("work", RemoteSettings(account.id, "mail.example.org", 995, "m"), Secret(b"x"))

    with pytest.raises(OperatorFault, match='Run "pillarbox remote remove work" first'):
        accounts.remove("mrose")

    assert account == accounts.show("mrose")


# Recipients


def test_a_whole_address_goes_before_its_local_part(accounts: Accounts) -> None:
    accounts.add("mrose")
    whole = accounts.add("mrose@example.org")

    assert whole == accounts.resolve("MRose@Example.ORG")


@pytest.mark.parametrize(
    "domain", ["", "@example.org", "@[192.0.2.1]", "@例え.jp", "@" + "x" * 255]
)
def test_a_local_part_is_enough_whatever_the_domain(accounts: Accounts, domain: str) -> None:
    account = accounts.add("mrose")

    assert account == accounts.resolve("mrose" + domain)


@pytest.mark.parametrize("recipient", ["", "@", "@mrose", "nobody@example.org", "mrose+x@a", "a@b"])
def test_nobody_gets_what_is_addressed_to_nobody(accounts: Accounts, recipient: str) -> None:
    accounts.add("mrose")

    assert accounts.resolve(recipient) is None


def test_a_disabled_account_still_gets_mail_and_a_removed_one_does_not(accounts: Accounts) -> None:
    accounts.add("mrose")
    disabled = accounts.disable("mrose")

    assert disabled == accounts.resolve("mrose@example.org")
    accounts.remove("mrose")
    assert accounts.resolve("mrose@example.org") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_no_text_breaks_the_search_for_a_recipient(accounts: Accounts, text: str) -> None:
    assert accounts.resolve(text) is None
