"""SCRAM: what a client is told of a name, which shows nobody whether somebody has it."""

import hashlib
import hmac
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.app_passwords import AppPasswords
from pillarbox.accounts.credentials import ScramParameters, Verifier, add_verifiers
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.scram import APP_ITERATIONS, MAIN_ITERATIONS, Scram, ScramPolicy
from pillarbox.accounts.secret_store import MissingKeyFault, SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import DeviceId, Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from pillarbox.sasl.exchange import ScramHash, ScramVerifier
from pillarbox.sasl.scram_keys import derive
from pillarbox.store.disk import Disk
from tests.accounts import fakes
from tests.accounts.fakes import CHEAP_WITH_SHA_1, CountedScheme

RIGHT = Secret(b"correct horse")
SHA_1, SHA_256 = ScramHash.SHA_1, ScramHash.SHA_256


@pytest.fixture
def mrose(accounts: Accounts, passwords: Passwords) -> Account:
    return accounts.add("mrose", passwords.verifiers("mrose", RIGHT))


@pytest.fixture
def with_sha_1(database: Database, keys: SiteKeys, app_passwords: AppPasswords) -> Passwords:
    scram = Scram(database, keys, CHEAP_WITH_SHA_1)
    return Passwords(database, FakeClock(), CountedScheme(), scram, app_passwords)


def keys_of(verifier: ScramVerifier) -> tuple[bytes, bytes]:
    return verifier.stored_key, verifier.server_key


def parameters(scram: Scram, name: str, hash_: ScramHash = SHA_256) -> tuple[bytes, int]:
    found = scram.find(name, hash_)
    return found.salt, found.iterations


# Verifiers


def test_a_main_password_has_a_verifier_that_a_standard_client_can_prove(
    scram: Scram, mrose: Account
) -> None:
    found = scram.find("mrose", SHA_256)

    salted = hashlib.pbkdf2_hmac("sha256", b"correct horse", found.salt, found.iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    (verifier,) = found.verifiers
    assert Identity(mrose.id) == verifier.identity
    assert (stored_key, hmac.digest(salted, b"Server Key", "sha256")) == keys_of(verifier)


def test_the_counts_of_real_life_are_those_that_people_and_machines_need() -> None:
    assert (600_000, 4_096) == (MAIN_ITERATIONS, APP_ITERATIONS)
    assert [4_096, 600_000] == [ScramPolicy().iterations(hash_) for hash_ in (SHA_1, SHA_256)]
    assert [600_000] * 2 == [
        ScramPolicy(sha_1_for_main_passwords=True).iterations(hash_) for hash_ in ScramHash
    ]


@pytest.mark.parametrize("hash_", ScramHash)
def test_every_app_password_has_a_verifier_under_the_accounts_one_salt_and_count(
    devices: Devices, scram: Scram, mrose: Account, hash_: ScramHash
) -> None:
    words = [devices.add("mrose", name).reveal() for name in ("phone", "desk")]

    found = scram.find("mrose", hash_)

    of_devices = [one for one in found.verifiers if one.identity.device is not None]
    assert [Identity(mrose.id, DeviceId(1)), Identity(mrose.id, DeviceId(2))] == [
        verifier.identity for verifier in of_devices
    ]
    assert [derive(word, found.salt, found.iterations, hash_) for word in words] == [
        keys_of(verifier) for verifier in of_devices
    ]


@pytest.mark.usefixtures("mrose")
def test_whoever_names_the_device_is_tried_against_its_password_alone(
    devices: Devices, scram: Scram
) -> None:
    for name in ("phone", "desk"):
        devices.add("mrose", name)

    found = scram.find("mrose+desk", SHA_256)

    assert parameters(scram, "mrose") == (found.salt, found.iterations)
    assert [DeviceId(2)] == [verifier.identity.device for verifier in found.verifiers]
    assert [] == list(scram.find("mrose+", SHA_256).verifiers)


@pytest.mark.usefixtures("mrose")
def test_sha_1_takes_no_main_password_unless_it_is_asked_to(
    scram: Scram, with_sha_1: Passwords, database: Database, keys: SiteKeys
) -> None:
    asked = Scram(database, keys, CHEAP_WITH_SHA_1)
    before = list(asked.find("mrose", SHA_1).verifiers)

    with_sha_1.try_password("mrose", RIGHT)

    assert [] == before
    assert 1 == len(asked.find("mrose", SHA_1).verifiers)
    assert fakes.MAIN_ITERATIONS == asked.find("mrose", SHA_1).iterations
    assert [] == list(scram.find("mrose", SHA_1).verifiers)


# A policy that changes


@pytest.fixture
def asked(database: Database, keys: SiteKeys) -> Scram:
    """Give SCRAM as it is once SHA-1 takes main passwords."""
    return Scram(database, keys, CHEAP_WITH_SHA_1)


def owners(scram: Scram, hash_: ScramHash) -> list[DeviceId | None]:
    return [verifier.identity.device for verifier in scram.find("mrose", hash_).verifiers]


@pytest.mark.usefixtures("mrose")
def test_the_count_is_the_policys_whatever_it_was_before(
    devices: Devices, passwords: Passwords, with_sha_1: Passwords, scram: Scram, asked: Scram
) -> None:
    seen = [(parameters(scram, name, SHA_1)[1], APP_ITERATIONS) for name in ("mrose", "nobody")]
    phone = devices.add("mrose", "phone")

    for change, now in ((with_sha_1, asked), (passwords, scram), (with_sha_1, asked)):
        count = parameters(now, "nobody", SHA_1)[1]
        seen += [(parameters(now, "mrose", SHA_1)[1], count)]
        for password in (RIGHT, phone):
            change.try_password("mrose", password)
            seen += [(parameters(now, "mrose", SHA_1)[1], count)]

    assert all(known == unknown for known, unknown in seen)
    assert fakes.MAIN_ITERATIONS == seen[-1][0]


@pytest.mark.usefixtures("mrose")
def test_a_login_with_each_password_brings_back_its_verifier_under_the_new_count(
    devices: Devices, passwords: Passwords, with_sha_1: Passwords, scram: Scram, asked: Scram
) -> None:
    phone = devices.add("mrose", "phone")
    sha_256 = scram.find("mrose", SHA_256)

    on = [owners(asked, SHA_1)]
    for password in (RIGHT, phone):
        with_sha_1.try_password("mrose", password)
        on.append(owners(asked, SHA_1))
    off = [owners(scram, SHA_1)]
    for password in (RIGHT, phone):
        passwords.try_password("mrose", password)
        off.append(owners(scram, SHA_1))

    assert [[], [None], [None, DeviceId(1)]] == on
    assert [[], [], [DeviceId(1)]] == off
    assert sha_256 == scram.find("mrose", SHA_256)


@pytest.mark.usefixtures("mrose")
def test_a_verifier_that_is_made_anew_proves_the_same_app_password(
    devices: Devices, with_sha_1: Passwords, asked: Scram
) -> None:
    phone = devices.add("mrose", "phone")

    with_sha_1.try_password("mrose+phone", phone)

    found = asked.find("mrose", SHA_1)
    (verifier,) = found.verifiers
    assert derive(phone.reveal(), found.salt, found.iterations, SHA_1) == keys_of(verifier)


def test_no_main_password_ever_has_a_verifier_of_an_app_passwords_count(
    devices: Devices,
    passwords: Passwords,
    with_sha_1: Passwords,
    database: Database,
    mrose: Account,
) -> None:
    weak = "SELECT 1 FROM credentials JOIN scram_parameters USING (account_id)"
    weak += " WHERE device_id IS NULL AND scheme = 'scram-' || hash AND iterations < ?"
    found = []
    phone = devices.add(mrose.name, "phone")

    for change in (with_sha_1, passwords, with_sha_1):
        for step in (
            partial(change.set_password, "mrose", RIGHT),
            partial(change.try_password, "mrose", phone),
            partial(change.try_password, "mrose", RIGHT),
            partial(devices.revoke, "mrose", "phone"),
            partial(devices.add, "mrose", "phone"),
        ):
            step()
            with database.reading() as rows:
                found += rows.all(weak, fakes.MAIN_ITERATIONS)

    assert [] == found


def test_a_device_that_is_revoked_while_its_verifiers_are_made_gets_none(
    devices: Devices,
    database: Database,
    keys: SiteKeys,
    app_passwords: AppPasswords,
    mrose: Account,
) -> None:
    phone = devices.add(mrose.name, "phone")
    slow = RevokedMeanwhile(database, keys, CHEAP_WITH_SHA_1)
    slow.devices = devices
    meddled = Passwords(database, FakeClock(), CountedScheme(), slow, app_passwords)

    meddled.try_password("mrose", phone)

    with database.reading() as rows:
        left = rows.all("SELECT scheme FROM credentials WHERE device_id IS NOT NULL")
    assert [] == left


class RevokedMeanwhile(Scram):
    """Revokes the phone while its verifiers are made anew."""

    devices: Devices

    def device_verifiers(
        self, name: str, password: bytes, hashes: Iterable[ScramHash] = ScramHash
    ) -> tuple[Verifier, ...]:
        self.devices.revoke("mrose", "phone")
        return super().device_verifiers(name, password, hashes)


# An account of old


@pytest.fixture
def old(accounts: Accounts, scheme: CountedScheme) -> Account:
    """Give an account as it was before there was SCRAM."""
    text = scheme.make(RIGHT.reveal())
    return accounts.add("old", [Verifier("argon2id", text)])


def test_an_account_without_a_verifier_answers_as_an_unknown_one_until_it_logs_in(
    scram: Scram, passwords: Passwords, old: Account
) -> None:
    before = scram.find("old", SHA_256)
    missing = scram.missing(old.id)
    passwords.try_password("old", Secret(b"wrong"))
    assert missing == scram.missing(old.id)

    passwords.try_password("old", RIGHT)

    after = scram.find("old", SHA_256)
    assert ([], [SHA_256], []) == (list(before.verifiers), missing, scram.missing(old.id))
    assert (before.salt, before.iterations) == (after.salt, after.iterations)
    assert [Identity(old.id)] == [verifier.identity for verifier in after.verifiers]


@pytest.mark.usefixtures("old")
def test_a_verifier_is_made_once(passwords: Passwords, database: Database) -> None:
    for _ in range(3):
        passwords.try_password("old", RIGHT)

    with database.reading() as rows:
        schemes = rows.all("SELECT scheme FROM credentials ORDER BY scheme")
    assert [("argon2id",), ("scram-sha-256",)] == schemes


# What a stranger sees


@pytest.mark.parametrize("hash_", ScramHash)
def test_an_unknown_name_has_a_salt_that_stays_though_the_server_starts_anew(
    database: Database, key_file: KeyFile, scram: Scram, hash_: ScramHash
) -> None:
    again = Scram(database, SiteKeys(SecretStore(database, key_file, FakeClock())), fakes.CHEAP)

    for name in ("nobody", "not a name", "é", "\udcff", "x" * 8_000):
        assert scram.find(name, hash_) == again.find(name, hash_)


def test_names_and_hashes_and_sites_have_salts_of_their_own(scram: Scram, tmp_path: Path) -> None:
    elsewhere = Database(tmp_path / "elsewhere.db")
    keys = SiteKeys(
        SecretStore(elsewhere, KeyFile(tmp_path / "keys of its own", Disk()), FakeClock())
    )
    other = Scram(elsewhere, keys, fakes.CHEAP)

    salts = [
        *(parameters(scram, name, hash_)[0] for name in ("a", "b") for hash_ in ScramHash),
        parameters(other, "a")[0],
    ]
    elsewhere.close()

    assert 5 == len(set(salts))
    assert {16} == {len(salt) for salt in salts}


@pytest.mark.parametrize("hash_", ScramHash)
def test_nothing_that_happens_to_an_account_changes_what_its_name_is_told(
    accounts: Accounts, passwords: Passwords, devices: Devices, scram: Scram, hash_: ScramHash
) -> None:
    seen = [parameters(scram, "mrose", hash_)]
    for step in (
        lambda: accounts.add("mrose", passwords.verifiers("mrose", RIGHT)),
        lambda: devices.add("mrose", "phone"),
        lambda: accounts.disable("mrose"),
        lambda: accounts.remove("mrose"),
        lambda: accounts.add("mrose", passwords.verifiers("mrose", RIGHT)),
    ):
        step()
        seen.append(parameters(scram, "mrose", hash_))

    assert 1 == len(set(seen))


@pytest.mark.parametrize("spelling", ["MRose", "ｍｒｏｓｅ", "mrose+phone", "mrose+", "MROSE+a+b"])
@pytest.mark.parametrize("is_known", [True, False])
def test_every_spelling_of_a_name_is_told_the_same(
    accounts: Accounts, passwords: Passwords, scram: Scram, spelling: str, *, is_known: bool
) -> None:
    if is_known:
        accounts.add("mrose", passwords.verifiers("mrose", RIGHT))

    assert parameters(scram, "mrose") == parameters(scram, spelling)


@pytest.mark.usefixtures("mrose")
def test_unknown_and_known_names_alike_are_told_nothing_without_the_master_key(
    database: Database, key_file: KeyFile
) -> None:
    key_file.path.unlink()
    scram = Scram(database, SiteKeys(SecretStore(database, key_file, FakeClock())), fakes.CHEAP)

    for name in ("mrose", "nobody"):
        with pytest.raises(MissingKeyFault):
            scram.find(name, SHA_256)


# What is kept


def test_a_verifier_of_another_salt_than_the_accounts_is_left_out(
    database: Database, scram: Scram, mrose: Account
) -> None:
    stray = Verifier(
        "scram-sha-256", "00:00", ScramParameters(SHA_256, b"other", fakes.MAIN_ITERATIONS)
    )
    before = scram.find("mrose", SHA_256)

    database.write(lambda rows: add_verifiers(rows, mrose.id, None, [stray], 0))

    assert before == scram.find("mrose", SHA_256)


@pytest.mark.usefixtures("mrose")
def test_a_damaged_verifier_is_a_store_fault_that_does_not_show_it(
    database: Database, scram: Scram
) -> None:
    database.write(
        lambda rows: rows.run(
            "UPDATE credentials SET verifier = 'canary' WHERE scheme = 'scram-sha-256'"
        )
    )

    with pytest.raises(StoreFault) as caught:
        scram.find("mrose", SHA_256)

    assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_no_key_is_in_a_repr(scram: Scram, mrose: Account) -> None:
    (verifier,) = scram.find(mrose.name, SHA_256).verifiers

    assert repr(verifier.stored_key) not in repr(verifier)
