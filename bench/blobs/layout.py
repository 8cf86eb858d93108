"""What every way of lying on the disk must offer, and the rows that all of them share.

A delivery is `put` (in the deliverer's own thread) and then `commit` (in the one writer thread,
for all that arrived together). Only after `commit` is a message safe.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from bench.blobs.mail import Blob

BUSY_SECONDS = 60.0
WAL_OCTETS = 16 * 2**20  # the same log for every page size, so that checkpoints compare
DELETES_PER_TRANSACTION = 1_000

ROWS = """
CREATE TABLE IF NOT EXISTS maildrop_message (
    unique_id INTEGER PRIMARY KEY, digest BLOB NOT NULL, octets INTEGER NOT NULL);
"""


class Layout(Protocol):
    """One way to keep blobs below a home folder, with the rows beside them."""

    def put(self, blob: Blob) -> None:
        """Make what can be made durable without the other deliverers."""

    def commit(self, blobs: Sequence[Blob]) -> None:
        """Make the blobs durable, then their rows."""

    def read(self, digest: bytes) -> bytes:
        """Give the whole blob."""

    def reader(self, digest: bytes) -> Callable[[], bytes]:
        """Give what reads the blob when the session already knows where it lies."""

    def read_range(self, digest: bytes, start: int, octets: int) -> bytes:
        """Give a part of the blob."""

    def named(self) -> set[bytes]:
        """Give the digests that a row names."""

    def remove(self, digests: Collection[bytes]) -> None:
        """Forget these blobs."""

    def tidy(self) -> None:
        """Give the space of removed blobs back to the file system."""

    def mend(self) -> str:
        """Do what a start must do, and say what the last end left behind."""

    def copy_missing(self, there: Path) -> None:
        """Bring an older copy of the blobs up to date."""

    def close(self) -> None:
        """Let go of every file."""


def connect(path: Path, page_octets: int = 4096) -> sqlite3.Connection:
    """Open a database whose commits survive a power cut."""
    database = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    database.execute(f"PRAGMA page_size = {page_octets}")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"PRAGMA wal_autocheckpoint = {WAL_OCTETS // page_octets}")
    return database


class Rows:
    """`pillarbox.db`: one connection for the writer thread, one for readers."""

    def __init__(self, home: Path, schema: str = "", page_octets: int = 4096) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.path = home / "pillarbox.db"
        self.writer = connect(self.path, page_octets)
        self.writer.executescript(ROWS + schema)
        self.reader = connect(self.path, page_octets)

    def insert(self, blobs: Iterable[Blob]) -> None:
        """Add one row a blob, inside the caller's transaction."""
        self.writer.executemany(
            "INSERT INTO maildrop_message (digest, octets) VALUES (?, ?)",
            ((blob.digest, len(blob.body)) for blob in blobs),
        )

    def commit(self, blobs: Iterable[Blob]) -> None:
        """Add one row a blob in one durable transaction."""
        self.writer.execute("BEGIN IMMEDIATE")
        self.insert(blobs)
        self.writer.execute("COMMIT")

    def named(self) -> set[bytes]:
        """Give the digests that a row names."""
        return {row[0] for row in self.reader.execute("SELECT digest FROM maildrop_message")}

    def close(self) -> None:
        """Close both connections."""
        self.reader.close()
        self.writer.close()


def delete_in_batches(database: sqlite3.Connection, sql: str, digests: Collection[bytes]) -> None:
    """Run `sql` for each digest, in transactions short enough to let deliveries in between."""
    todo = [(digest,) for digest in digests]
    for start in range(0, len(todo), DELETES_PER_TRANSACTION):
        database.execute("BEGIN IMMEDIATE")
        database.executemany(sql, todo[start : start + DELETES_PER_TRANSACTION])
        database.execute("COMMIT")
