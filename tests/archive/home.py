"""A home folder with a database, blobs, one account and one remote, as tests need it."""

from dataclasses import dataclass
from pathlib import Path

from pillarbox.archive.keep import Archive, Origin
from pillarbox.archive.ledger import Ledger
from pillarbox.archive.listing import Listing
from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.sqlite import SqliteStore

ACCOUNT = AccountId(1)
REMOTE = RemoteId(1)


@dataclass(frozen=True)
class Home:
    """What lasts is below `folder`; opening the same folder again finds it."""

    folder: Path
    clock: FakeClock
    database: Database
    store: SqliteStore
    archive: Archive
    ledger: Ledger
    listing: Listing

    def contents(self) -> list[bytes]:
        """Return every message of the archive, newest first."""
        return [b"".join(self.listing.chunks(found)) for found in self.listing.messages()]

    def keep(self, *chunks: bytes, unique_id: str | None = "a", remote: int = REMOTE) -> bool:
        origin = Origin(RemoteId(remote), ACCOUNT, unique_id)
        return self.archive.keep(chunks, origin).is_new


def open_home(folder: Path, clock: FakeClock | None = None) -> Home:
    clock = clock or FakeClock()
    folder.mkdir(exist_ok=True)
    database = Database(folder / "pillarbox.db")
    blobs = FileBlobs(folder / "blobs", Disk())
    store = SqliteStore(database, blobs, folder / "leases", clock)
    database.write(_furnish)
    archive = Archive(store, database, clock)
    return Home(folder, clock, database, store, archive, Ledger(database), Listing(database, store))


def _furnish(rows: Rows) -> None:
    if rows.one("SELECT 1 FROM accounts"):
        return
    for name in ("mrose", "other"):
        rows.run("INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)", name)
    rows.run(
        "INSERT INTO secrets (purpose, key_id, sealed, created_at) VALUES ('t', 'k', x'00', 0)"
    )
    for name in ("first", "second"):
        rows.run(
            "INSERT INTO remotes (name, account_id, host, port, tls, user, secret_id, created_at)"
            " VALUES (?, 1, 'localhost', 110, 'stls', 'mrose', 1, 0)",
            name,
        )
