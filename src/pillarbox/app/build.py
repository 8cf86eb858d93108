"""Makes the real things, each once, and joins them: the only place that does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.argon2id import Argon2id
from pillarbox.accounts.master_key import find_master_key
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.remotes import Remotes
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.app.clock import SystemClock
from pillarbox.app.home import Home
from pillarbox.archive.keep import Archive
from pillarbox.archive.ledger import Ledger
from pillarbox.archive.listing import Listing
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.db.sqlite import Database
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.sqlite import SqliteStore


@dataclass(frozen=True, slots=True)
class System:
    """Everything below the servers and the command line."""

    home: Home
    clock: Clock
    disk: Disk
    database: Database
    blobs: FileBlobs
    store: SqliteStore
    accounts: Accounts
    passwords: Passwords
    secrets: SecretStore
    remotes: Remotes
    archive: Archive
    ledger: Ledger
    listing: Listing


@contextmanager
def opened(home: Home) -> Iterator[System]:
    """Give the system of an existing home; raises OperatorFault and StoreFault."""
    if not home.configuration.exists():
        raise OperatorFault(
            'There is no {path}. Run "pillarbox init", or name another home with --home.',
            path=home.configuration,
        )
    _refuse_lost_database(home)
    database = Database(home.database)
    try:
        yield _build(home, database)
    finally:
        database.close()


def _build(home: Home, database: Database) -> System:
    clock, disk = SystemClock(), Disk()
    blobs = FileBlobs(home.blobs, disk)
    store = SqliteStore(database, blobs, home.run / "maildrops", clock)
    secrets = SecretStore(database, find_master_key(home.keys, _credentials(), disk), clock)
    return System(
        home=home,
        clock=clock,
        disk=disk,
        database=database,
        blobs=blobs,
        store=store,
        accounts=Accounts(database, clock),
        passwords=Passwords(database, clock, Argon2id()),
        secrets=secrets,
        remotes=Remotes(database, secrets, clock),
        archive=Archive(store, database, clock),
        ledger=Ledger(database),
        listing=Listing(database, store),
    )


def _refuse_lost_database(home: Home) -> None:
    """Raise StoreFault where there is mail and no database: new unique-ids would double it all."""
    has_mail = home.blobs.exists() and any(home.blobs.glob("??/*"))
    if has_mail and not home.database.exists():
        raise StoreFault(
            "{path} is missing, though there is mail. Restore it from a backup: it alone knows"
            " which message is whose.",
            path=home.database,
        )


def _credentials() -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")  # systemd.exec(5)
    return Path(folder) if folder else None
