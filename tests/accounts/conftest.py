"""A home with a database, a key file and the accounts in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.app_passwords import AppPasswords
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.digests import Digests
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.remotes import Remotes
from pillarbox.accounts.scram import Scram
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.base.clock import FakeClock
from pillarbox.db.sqlite import Database
from pillarbox.store.disk import Disk
from tests.accounts.fakes import CHEAP, CountedScheme


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "pillarbox.db")
    yield database
    database.close()


@pytest.fixture
def accounts(database: Database, clock: FakeClock) -> Accounts:
    return Accounts(database, clock)


@pytest.fixture
def scheme() -> CountedScheme:
    return CountedScheme()


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys", Disk())


@pytest.fixture
def secret_store(database: Database, key_file: KeyFile, clock: FakeClock) -> SecretStore:
    return SecretStore(database, key_file, clock)


@pytest.fixture
def keys(secret_store: SecretStore) -> SiteKeys:
    return SiteKeys(secret_store)


@pytest.fixture
def scram(database: Database, keys: SiteKeys) -> Scram:
    return Scram(database, keys, CHEAP)


@pytest.fixture
def app_passwords(database: Database, keys: SiteKeys) -> AppPasswords:
    return AppPasswords(database, keys)


@pytest.fixture
def passwords(
    database: Database,
    clock: FakeClock,
    scheme: CountedScheme,
    scram: Scram,
    app_passwords: AppPasswords,
) -> Passwords:
    return Passwords(database, clock, scheme, scram, app_passwords)


@pytest.fixture
def devices(
    database: Database,
    clock: FakeClock,
    app_passwords: AppPasswords,
    scram: Scram,
    secret_store: SecretStore,
) -> Devices:
    return Devices(database, clock, app_passwords, scram, secret_store)


@pytest.fixture
def digests(database: Database, secret_store: SecretStore) -> Digests:
    return Digests(database, secret_store)


@pytest.fixture
def remotes(database: Database, secret_store: SecretStore, clock: FakeClock) -> Remotes:
    return Remotes(database, secret_store, clock)
