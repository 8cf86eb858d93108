"""A review of real rows: what the database knows becomes findings."""

from collections.abc import Callable

import pytest

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.app_passwords import AppPasswords
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.review import DAY, STALE_DAYS, UNUSED_DAYS, Kind
from pillarbox.accounts.reviewed import Reviewed
from pillarbox.accounts.scram import Scram
from pillarbox.accounts.second_factor.second_factor import SecondFactors
from pillarbox.accounts.second_factor.totp import code_at
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from tests.accounts.fakes import CHEAP, CHEAP_WITH_SHA_1, CountedScheme

MAIN = Secret(b"correct horse")
SECRET = Secret(b"12345678901234567890")


@pytest.fixture
def reviewed(database: Database, clock: FakeClock, scheme: CountedScheme, scram: Scram) -> Reviewed:
    return Reviewed(database, clock, scheme, scram)


@pytest.fixture
def mrose(accounts: Accounts, passwords: Passwords) -> Account:
    return accounts.add("mrose", passwords.verifiers("mrose", MAIN))


@pytest.fixture
def kinds(reviewed: Reviewed) -> Callable[[], list[Kind]]:
    return lambda: [each.kind for each in reviewed.findings()]


@pytest.fixture
def factor(
    database: Database,
    clock: FakeClock,
    secret_store: SecretStore,
    keys: SiteKeys,
    mrose: Account,
) -> SecondFactors:
    factors = SecondFactors(database, clock, secret_store, keys)
    factors.add(mrose.name, SECRET, code_at(SECRET, clock.now()))
    return factors


def use(database: Database, clock: FakeClock, device: int | None = None) -> None:
    """Note that a view was used now."""
    sql = "UPDATE views SET last_used_at = ? WHERE device_id IS ?"
    database.write(lambda rows: rows.run(sql, int(clock.now()), device))


@pytest.mark.usefixtures("mrose")
def test_a_new_account_lacks_a_second_factor(kinds: Callable[[], list[Kind]]) -> None:
    assert [Kind.NO_SECOND_FACTOR] == kinds()


@pytest.mark.usefixtures("factor")
def test_with_a_second_factor_nothing_is_missing(
    devices: Devices, kinds: Callable[[], list[Kind]]
) -> None:
    devices.add("mrose", "phone")

    assert [] == kinds()


@pytest.mark.usefixtures("factor")
def test_few_recovery_codes_are_found(database: Database, kinds: Callable[[], list[Kind]]) -> None:
    database.write(lambda rows: rows.run("UPDATE recovery_codes SET used_at = 1"))

    assert [Kind.FEW_RECOVERY_CODES] == kinds()


@pytest.mark.usefixtures("mrose")
def test_a_main_password_beside_devices_is_found(
    devices: Devices, database: Database, kinds: Callable[[], list[Kind]]
) -> None:
    devices.add("mrose", "phone")
    found = kinds()
    database.write(lambda rows: rows.run("UPDATE accounts SET main_password = 'refuse'"))

    assert [Kind.NO_SECOND_FACTOR, Kind.MAIN_IS_OPEN] == found
    assert [Kind.NO_SECOND_FACTOR] == kinds()


@pytest.mark.usefixtures("factor")
def test_devices_are_found_by_how_they_are_used(
    devices: Devices, database: Database, clock: FakeClock, reviewed: Reviewed
) -> None:
    for name in ("desk", "expired", "legacy", "old", "tablet"):
        devices.add("mrose", name, legacy_digest=name == "legacy")
    use(database, clock, 4)
    clock.advance(UNUSED_DAYS * DAY)
    for device in (1, 2, 3):
        use(database, clock, device)
    expire = "UPDATE views SET expires_at = 1 WHERE device_id = 2"
    database.write(lambda rows: rows.run(expire))

    assert [
        (Kind.DEVICE_EXPIRED, "expired", None),
        (Kind.DEVICE_NEVER_USED, "tablet", UNUSED_DAYS),
        (Kind.DEVICE_UNUSED, "old", UNUSED_DAYS),
        (Kind.LEGACY_DIGEST, "legacy", None),
    ] == [(each.kind, each.device, each.days) for each in reviewed.findings()]


@pytest.mark.usefixtures("mrose")
def test_a_revoked_device_is_nobodys_concern(
    devices: Devices, clock: FakeClock, kinds: Callable[[], list[Kind]]
) -> None:
    devices.add("mrose", "phone")
    devices.revoke("mrose", "phone")
    clock.advance(UNUSED_DAYS * DAY)

    assert [Kind.NO_SECOND_FACTOR] == kinds()


@pytest.mark.usefixtures("mrose")
def test_an_account_that_nobody_uses_is_stale(
    clock: FakeClock, kinds: Callable[[], list[Kind]]
) -> None:
    clock.advance(STALE_DAYS * DAY)

    assert [Kind.ACCOUNT_STALE] == kinds()


@pytest.mark.usefixtures("mrose")
def test_before_there_was_an_audit_no_use_was_noted(
    database: Database, clock: FakeClock, kinds: Callable[[], list[Kind]]
) -> None:
    database.write(lambda rows: rows.run("DROP TRIGGER audit_is_not_cut"))
    database.write(lambda rows: rows.run("DELETE FROM audit"))
    clock.advance(STALE_DAYS * DAY)

    assert Kind.ACCOUNT_STALE not in kinds()


@pytest.mark.usefixtures("mrose")
def test_a_hash_of_weaker_parameters_is_found_until_it_is_made_anew(
    database: Database, clock: FakeClock, scram: Scram, app_passwords: AppPasswords
) -> None:
    stronger = CountedScheme(passes=2)
    reviewed = Reviewed(database, clock, stronger, scram)
    before = [each.kind for each in reviewed.findings()]

    Passwords(database, clock, stronger, scram, app_passwords).try_password("mrose", MAIN)

    assert [Kind.NO_SECOND_FACTOR, Kind.OLD_HASH] == before
    assert [Kind.NO_SECOND_FACTOR] == [each.kind for each in reviewed.findings()]


@pytest.mark.usefixtures("mrose")
@pytest.mark.parametrize(
    ("garble", "kind"),
    [
        ("DELETE FROM credentials WHERE scheme LIKE 'scram%'", Kind.SCRAM_MISSING),
        ("UPDATE scram_parameters SET iterations = iterations + 1", Kind.SCRAM_OUTDATED),
    ],
)
def test_what_scram_lacks_is_found_until_it_is_made_anew(
    database: Database,
    passwords: Passwords,
    kinds: Callable[[], list[Kind]],
    garble: str,
    kind: Kind,
) -> None:
    database.write(lambda rows: rows.run(garble))
    before = kinds()

    passwords.try_password("mrose", MAIN)

    assert [Kind.NO_SECOND_FACTOR, kind] == before
    assert [Kind.NO_SECOND_FACTOR] == kinds()


def test_an_account_without_a_main_password_is_held_to_none(
    accounts: Accounts, kinds: Callable[[], list[Kind]]
) -> None:
    accounts.add("tokens-only")

    assert [Kind.NO_SECOND_FACTOR] == kinds()


def test_one_account_alone_is_reviewed_by_its_name(accounts: Accounts, reviewed: Reviewed) -> None:
    accounts.add("other")
    accounts.add("mrose")

    assert ["mrose"] == [each.account for each in reviewed.findings("MRose")]
    assert ["mrose", "other"] == [each.account for each in reviewed.findings()]
    with pytest.raises(OperatorFault, match="There is no account 'nobody'"):
        reviewed.findings("nobody")


def test_a_verifier_that_the_policy_has_given_up_goes_at_the_next_login(
    database: Database, clock: FakeClock, keys: SiteKeys, scheme: CountedScheme, accounts: Accounts
) -> None:
    with_sha_1 = Scram(database, keys, CHEAP_WITH_SHA_1)
    app_passwords = AppPasswords(database, keys)
    before = Passwords(database, clock, scheme, with_sha_1, app_passwords)
    accounts.add("mrose", before.verifiers("mrose", MAIN))
    kept = "SELECT scheme FROM credentials WHERE device_id IS NULL ORDER BY scheme"

    after = Passwords(database, clock, scheme, Scram(database, keys, CHEAP), app_passwords)
    after.try_password("mrose", MAIN)

    with database.reading() as rows:
        assert [("argon2id",), ("scram-sha-256",)] == rows.all(kept)
