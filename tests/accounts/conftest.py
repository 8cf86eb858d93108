"""A home with a database, a key file and the accounts in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.remotes import Remotes
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.base.clock import FakeClock
from pillarbox.db.sqlite import Database
from pillarbox.store.disk import Disk
from tests.accounts.fakes import CountedScheme


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
def passwords(database: Database, clock: FakeClock, scheme: CountedScheme) -> Passwords:
    return Passwords(database, clock, scheme)


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys", Disk())


@pytest.fixture
def secret_store(database: Database, key_file: KeyFile, clock: FakeClock) -> SecretStore:
    return SecretStore(database, key_file, clock)


@pytest.fixture
def remotes(database: Database, secret_store: SecretStore, clock: FakeClock) -> Remotes:
    return Remotes(database, secret_store, clock)
