"""Devices: app passwords that are shown once, work at once, and end at once."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Account, Accounts
from pillarbox.accounts.app_passwords import AppPasswords
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.digests import DECOY, MOST_KEPT, Digests
from pillarbox.accounts.generate import ALPHABET
from pillarbox.accounts.key_ring import Key, KeyRing
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.scram import Scram
from pillarbox.accounts.secret_store import MissingKeyFault, SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, DeviceId, Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from pillarbox.sasl.exchange import ScramHash
from tests.accounts.fakes import CHEAP, CountedScheme, Cut, CutDatabase, Knife

MAIN = Secret(b"correct horse")
NEW = Secret(b"battery staple")


class IsOf:
    """A proof made with one secret."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self.tries = 0

    def is_of(self, secret: Secret) -> bool:
        self.tries += 1
        return secret == self._secret


@pytest.fixture
def mrose(accounts: Accounts, passwords: Passwords) -> Account:
    return accounts.add("mrose", passwords.verifiers("mrose", MAIN))


@pytest.fixture
def phone(devices: Devices, mrose: Account, scheme: CountedScheme) -> Secret:
    password = devices.add(mrose.name, "phone", legacy_digest=True)
    scheme.calls.clear()
    return password


def dump(database: Database) -> list[object]:
    with database.reading() as rows:
        tables = ("devices", "credentials", "secrets", "scram_parameters")
        return [rows.all(f"SELECT * FROM {table}") for table in tables]


def test_an_app_password_has_130_random_bits_and_shows_in_no_repr(
    devices: Devices, phone: Secret
) -> None:
    text = phone.reveal().decode("ascii")

    assert 26 == len(text)
    assert set(text) <= set(ALPHABET)
    assert text not in repr(devices.list("mrose"))
    assert phone != devices.add("mrose", "desk")


def test_an_app_password_names_its_device_and_costs_no_slow_work(
    passwords: Passwords, mrose: Account, phone: Secret, scheme: CountedScheme
) -> None:
    assert Identity(mrose.id, DeviceId(1)) == passwords.try_password("mrose", phone)
    assert [] == scheme.calls


def test_an_app_password_is_recalled_without_slow_work(
    passwords: Passwords, mrose: Account, phone: Secret, scheme: CountedScheme
) -> None:
    assert Identity(mrose.id, DeviceId(1)) == passwords.recall("mrose", phone)
    assert passwords.recall("other", phone) is None
    assert [] == scheme.calls


def test_the_main_password_goes_on_beside_it(
    passwords: Passwords, mrose: Account, phone: Secret
) -> None:
    assert Identity(mrose.id) == passwords.try_password("mrose", MAIN)
    assert phone != MAIN


def test_a_wrong_password_costs_the_same_however_many_devices_there_are(
    devices: Devices, passwords: Passwords, phone: Secret, scheme: CountedScheme
) -> None:
    passwords.try_password("mrose", NEW)
    before = scheme.calls.copy()
    for number in range(5):
        devices.add("mrose", f"device{number}")
    scheme.calls.clear()

    passwords.try_password("mrose", NEW)
    passwords.try_password("nobody", phone)

    assert before * 2 == scheme.calls
    assert 1 == len(before)


def test_no_other_account_takes_it(
    accounts: Accounts, passwords: Passwords, devices: Devices, phone: Secret
) -> None:
    accounts.add("other", passwords.verifiers("other", MAIN))
    devices.add("other", "phone")

    assert passwords.try_password("other", phone) is None
    assert passwords.try_password("nobody", phone) is None


# account+device


@pytest.mark.parametrize("name", ["mrose+phone", "MRose+PHONE", "ｍｒｏｓｅ＋ｐｈｏｎｅ"])
def test_whoever_names_the_device_needs_its_password(
    passwords: Passwords, mrose: Account, phone: Secret, scheme: CountedScheme, name: str
) -> None:
    assert Identity(mrose.id, DeviceId(1)) == passwords.try_password(name, phone)
    assert passwords.try_password(name, MAIN) is None
    assert ["is_right m=8,t=1,p=1"] == scheme.calls


@pytest.mark.parametrize("name", ["mrose+desk", "mrose+none", "mrose+", "mrose+phone+", "+phone"])
def test_whoever_names_another_device_is_refused_at_the_common_price(
    devices: Devices, passwords: Passwords, phone: Secret, scheme: CountedScheme, name: str
) -> None:
    devices.add("mrose", "desk")
    scheme.calls.clear()

    assert passwords.try_password(name, phone) is None
    assert ["is_right m=8,t=1,p=1"] == scheme.calls


# The end of it


def ways_out(devices: Devices, accounts: Accounts) -> dict[str, Callable[[], object]]:
    return {
        "revoke": lambda: devices.revoke("MRose", "Phone"),
        "disable": lambda: accounts.disable("mrose"),
        "remove": lambda: accounts.remove("mrose"),
    }


@pytest.fixture(params=["revoke", "disable", "remove"])
def end(
    request: pytest.FixtureRequest, devices: Devices, accounts: Accounts
) -> Callable[[], object]:
    return ways_out(devices, accounts)[request.param]


def test_from_then_on_no_mechanism_takes_it(
    passwords: Passwords,
    digests: Digests,
    scram: Scram,
    phone: Secret,
    end: Callable[[], object],
) -> None:
    assert digests.try_digest("mrose", IsOf(phone)) is not None

    end()

    assert passwords.try_password("mrose", phone) is None
    assert digests.try_digest("mrose", IsOf(phone)) is None
    assert not [
        verifier
        for hash_ in ScramHash
        for verifier in scram.find("mrose", hash_).verifiers
        if verifier.identity.device is not None
    ]


@pytest.mark.parametrize("way", ["revoke", "remove"])
def test_nothing_that_can_be_read_back_is_left(
    accounts: Accounts, devices: Devices, database: Database, phone: Secret, way: str
) -> None:
    del phone

    ways_out(devices, accounts)[way]()

    with database.reading() as rows:
        assert [] == rows.all("SELECT * FROM secrets WHERE purpose LIKE 'digests %'")
        assert [] == rows.all("SELECT * FROM credentials WHERE device_id IS NOT NULL")
        assert [(None,)] == rows.all("SELECT digest_secret_id FROM devices")


def test_an_account_that_is_enabled_again_has_its_devices(
    accounts: Accounts, passwords: Passwords, mrose: Account, phone: Secret
) -> None:
    accounts.disable("mrose")
    accounts.enable("mrose")

    assert Identity(mrose.id, DeviceId(1)) == passwords.try_password("mrose", phone)


def test_a_new_main_password_leaves_devices_and_scram_parameters_alone(
    passwords: Passwords, scram: Scram, mrose: Account, phone: Secret
) -> None:
    before = scram.find("mrose", ScramHash.SHA_256)

    passwords.set_password("mrose", NEW)

    after = scram.find("mrose", ScramHash.SHA_256)
    assert Identity(mrose.id, DeviceId(1)) == passwords.try_password("mrose", phone)
    assert (before.salt, before.iterations) == (after.salt, after.iterations)
    assert [Identity(mrose.id, DeviceId(1)), Identity(mrose.id)] == [
        verifier.identity for verifier in after.verifiers
    ]
    assert before.verifiers[0].stored_key != after.verifiers[1].stored_key


def test_a_name_that_was_revoked_can_be_given_again_and_is_another_device(
    devices: Devices, passwords: Passwords, mrose: Account, phone: Secret
) -> None:
    devices.revoke("mrose", "phone")

    again = devices.add("mrose", "phone")

    assert Identity(mrose.id, DeviceId(2)) == passwords.try_password("mrose", again)
    assert passwords.try_password("mrose", phone) is None


# Another app password


@pytest.mark.parametrize("legacy_digest", [False, True])
def test_a_device_with_another_password_is_the_same_device(
    devices: Devices,
    passwords: Passwords,
    digests: Digests,
    phone: Secret,
    *,
    legacy_digest: bool,
) -> None:
    new = devices.renew("MRose", "Phone", legacy_digest=legacy_digest)

    identity = Identity(AccountId(1), DeviceId(1))
    assert identity == passwords.try_password("mrose", new)
    assert passwords.try_password("mrose", phone) is None
    assert digests.try_digest("mrose", IsOf(phone)) is None
    assert (identity if legacy_digest else None) == digests.try_digest("mrose", IsOf(new))


@pytest.mark.usefixtures("phone")
def test_another_password_ends_the_sessions_of_the_old_one_and_keeps_the_view(
    devices: Devices, database: Database
) -> None:
    devices.renew("mrose", "phone")

    with database.reading() as rows:
        assert [(1, 1)] == rows.all("SELECT device_id, count(*) FROM views WHERE device_id > 0")
        assert [(1, 0)] == rows.all("SELECT device_id, is_whole_account FROM ended_sessions")
        assert [('{"device":"phone"}',)] == rows.all(
            "SELECT facts FROM audit WHERE event = 'password.changed'"
        )


@pytest.mark.usefixtures("phone")
def test_a_device_that_is_not_there_gets_no_password(devices: Devices, database: Database) -> None:
    before = dump(database)

    with pytest.raises(OperatorFault, match="no device 'desk'"):
        devices.renew("mrose", "desk")

    assert before == dump(database)


# Names


def test_a_renamed_device_keeps_its_password_and_goes_by_its_new_name(
    devices: Devices, passwords: Passwords, mrose: Account, phone: Secret
) -> None:
    devices.rename("mrose", "phone", "Tablet")
    devices.rename("mrose", "tablet", "tablet")

    assert ["tablet"] == [device.name for device in devices.list("mrose")]
    assert Identity(mrose.id, DeviceId(1)) == passwords.try_password("mrose+tablet", phone)
    assert passwords.try_password("mrose+phone", phone) is None


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    ("account", "name", "words"),
    [
        ("mrose", "PHONE", "has a device 'phone' already"),
        ("mrose", "a+b", "cannot be a name"),
        ("nobody", "phone", "There is no account"),
    ],
)
def test_a_device_that_cannot_be_added_changes_nothing(
    devices: Devices, database: Database, account: str, name: str, words: str
) -> None:
    before = dump(database)

    with pytest.raises(OperatorFault, match=words):
        devices.add(account, name)

    assert before == dump(database)


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    ("name", "new", "words"),
    [
        ("phone", "desk", "has a device 'desk' already"),
        ("phone", "a b", "cannot be a name"),
        ("gone", "new", "no device 'gone'"),
        ("a+b", "new", r"no device 'a\+b'"),
    ],
)
def test_a_device_that_cannot_be_renamed_keeps_its_name(
    devices: Devices, name: str, new: str, words: str
) -> None:
    devices.add("mrose", "desk")

    with pytest.raises(OperatorFault, match=words):
        devices.rename("mrose", name, new)

    assert ["desk", "phone"] == [device.name for device in devices.list("mrose")]


def test_a_device_that_cannot_be_sealed_is_not_added(
    devices: Devices, database: Database, phone: Secret, key_file: KeyFile
) -> None:
    del phone
    before = dump(database)
    key_file.path.unlink()

    with pytest.raises(MissingKeyFault):
        devices.add("mrose", "desk", legacy_digest=True)

    assert before == dump(database)


# Without the master key


def test_a_lost_master_key_keeps_no_main_password_out_and_refuses_nobody_for_good(
    database: Database, key_file: KeyFile, mrose: Account, phone: Secret
) -> None:
    key_file.write(KeyRing((Key("other", Secret(b"o" * 32)),)))
    passwords = after_a_restart(database, key_file)

    assert Identity(mrose.id) == passwords.try_password("mrose", MAIN)
    for name, password in (("mrose", phone), ("mrose", NEW), ("nobody", NEW)):
        with pytest.raises(MissingKeyFault):
            passwords.try_password(name, password)


def test_a_password_can_be_set_without_the_master_key_and_gets_scram_once_it_is_back(
    accounts: Accounts, scram: Scram, database: Database, key_file: KeyFile, phone: Secret
) -> None:
    del phone
    ring = key_file.path.read_bytes()
    key_file.path.unlink()
    passwords = after_a_restart(database, key_file)

    account = accounts.add("late", passwords.verifiers("late", MAIN))

    assert Identity(account.id) == passwords.try_password("late", MAIN)
    assert [ScramHash.SHA_256] == scram.missing(account.id)
    key_file.path.write_bytes(ring)
    key_file.path.chmod(0o600)
    passwords.try_password("late", MAIN)
    assert [] == scram.missing(account.id)


def after_a_restart(database: Database, key_file: KeyFile) -> Passwords:
    keys = SiteKeys(SecretStore(database, key_file, FakeClock()))
    scram = Scram(database, keys, CHEAP)
    return Passwords(database, FakeClock(), CountedScheme(), scram, AppPasswords(database, keys))


def test_an_app_password_outlives_a_restart_and_a_rotation_of_the_master_key(
    database: Database,
    key_file: KeyFile,
    secret_store: SecretStore,
    mrose: Account,
    phone: Secret,
) -> None:
    secret_store.rotate()

    admitted = after_a_restart(database, key_file).try_password("mrose", phone)

    assert Identity(mrose.id, DeviceId(1)) == admitted


def test_a_server_that_ran_before_the_first_device_finds_its_key(
    database: Database, key_file: KeyFile, mrose: Account, devices: Devices
) -> None:
    server = after_a_restart(database, key_file)
    assert server.try_password("mrose", NEW) is None

    password = devices.add("mrose", "phone")

    assert Identity(mrose.id, DeviceId(1)) == server.try_password("mrose", password)


# CRAM-MD5 and APOP


def test_a_digest_names_the_device_it_was_made_with(
    devices: Devices, digests: Digests, mrose: Account, phone: Secret
) -> None:
    desk = devices.add("mrose", "desk", legacy_digest=True)

    for name in ("mrose", "MRose"):
        assert Identity(mrose.id, DeviceId(1)) == digests.try_digest(name, IsOf(phone))
        assert Identity(mrose.id, DeviceId(2)) == digests.try_digest(name, IsOf(desk))
    assert Identity(mrose.id, DeviceId(1)) == digests.try_digest("mrose+phone", IsOf(phone))
    assert digests.try_digest("mrose+desk", IsOf(phone)) is None


def test_only_a_device_made_for_it_has_a_secret_that_can_be_read_back(
    devices: Devices, digests: Digests, database: Database, mrose: Account
) -> None:
    password = devices.add(mrose.name, "phone")

    assert digests.try_digest("mrose", IsOf(password)) is None
    assert digests.try_digest("mrose", IsOf(MAIN)) is None
    with database.reading() as rows:
        purposes = {purpose for (purpose,) in rows.all("SELECT purpose FROM secrets")}
    assert {"app passwords", "scram salts"} == purposes


@pytest.mark.parametrize("name", ["mrose", "mrose+phone"])
def test_every_secret_is_tried_wherever_the_match_is(
    devices: Devices, digests: Digests, phone: Secret, name: str
) -> None:
    desk = devices.add("mrose", "desk", legacy_digest=True)
    tries = []
    for secret in (phone, desk, MAIN):
        proof = IsOf(secret)
        digests.try_digest(name, proof)
        tries.append(proof.tries)

    assert 1 == len(set(tries))


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize("name", ["nobody", "mrose", "mrose+phone", "mrose+desk"])
def test_every_name_is_tried_as_often(digests: Digests, name: str) -> None:
    proof = IsOf(MAIN)

    assert digests.try_digest(name, proof) is None
    assert MOST_KEPT == proof.tries


@pytest.mark.usefixtures("phone")
def test_without_the_master_key_every_name_gets_one_answer(
    digests: Digests, accounts: Accounts, key_file: KeyFile
) -> None:
    accounts.add("without-device")
    key_file.path.unlink()

    for name in ("mrose", "mrose+phone", "mrose+desk", "without-device", "nobody", "not a name"):
        with pytest.raises(MissingKeyFault):
            digests.try_digest(name, IsOf(MAIN))


def test_the_decoy_lets_nobody_in(digests: Digests) -> None:
    assert digests.try_digest("nobody", IsOf(DECOY)) is None


# Cut short


@pytest.mark.slow
def test_an_addition_that_is_killed_at_any_point_leaves_a_whole_device_or_none(
    tmp_path: Path, key_file: KeyFile, app_passwords: AppPasswords, mrose: Account
) -> None:
    app_passwords.make_key()
    states = set()
    for at in count(1):
        name = f"device{at}"
        knife = Knife(at)
        database = CutDatabase(tmp_path / "pillarbox.db", knife)
        room = rooms(database, key_file)
        try:
            room.add(mrose.name, name, legacy_digest=True)
        except Cut:
            states.add(state_of(database, name))
        finally:
            database.close()
        if len(knife.passed) < at:
            break

    assert {"none", "whole"} == states


def rooms(database: Database, key_file: KeyFile) -> Devices:
    secret_store = SecretStore(database, key_file, FakeClock())
    keys = SiteKeys(secret_store)
    scram = Scram(database, keys, CHEAP)
    return Devices(database, FakeClock(), AppPasswords(database, keys), scram, secret_store)


def state_of(database: Database, name: str) -> str:
    with database.reading() as rows:
        device = rows.one("SELECT id, digest_secret_id FROM devices WHERE name = ?", name)
        if device is None:
            return "none"
        schemes = rows.all("SELECT scheme FROM credentials WHERE device_id = ?", device[0])
        secret = rows.one("SELECT 1 FROM secrets WHERE id = ?", device[1])
    is_whole = secret is not None and len(schemes) == len(ScramHash) + 1
    return "whole" if is_whole else "half"
