"""C: small blobs in an SQLite table, larger ones as files.

The table lies in a database of its own (`blobs.db`, two transactions a delivery) or in the rows'
database (one transaction for both).
"""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from bench.blobs.files import FileBlobs
from bench.blobs.layout import Rows, connect, delete_in_batches
from bench.blobs.mail import Blob

# A rowid table: `blobopen` needs a rowid, and the octets arrive in order of number.
SCHEMA = """
CREATE TABLE IF NOT EXISTS blob (
    number INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
"""
COPY = """
INSERT INTO there.blob SELECT * FROM main.blob
 WHERE number > (SELECT ifnull(max(number), 0) FROM there.blob);
"""


class Tables:
    """C with its rows; `apart` says whether the blobs have a database of their own."""

    def __init__(
        self, home: Path, *, page_octets: int = 4096, most_kb: int = 64, apart: bool = True
    ) -> None:
        self._apart = apart
        self._most_octets = most_kb * 1024
        if apart:
            self._rows = Rows(home)
            self._writer = connect(home / "blobs.db", page_octets)
            self._writer.executescript(SCHEMA)
            self._reader = connect(home / "blobs.db", page_octets)
        else:
            self._rows = Rows(home, SCHEMA, page_octets)
            self._writer, self._reader = self._rows.writer, self._rows.reader
        self._files = FileBlobs(home)
        self.named = self._rows.named

    def put(self, blob: Blob) -> None:
        """A large blob becomes a file now; a small one waits for its batch."""
        if len(blob.body) > self._most_octets:
            self._files.put(blob.digest, (blob.body,))

    def commit(self, blobs: Sequence[Blob]) -> None:
        """Blobs first, then rows: in two transactions, or in one."""
        self._writer.execute("BEGIN IMMEDIATE")
        self._writer.executemany(
            "INSERT INTO blob (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING",
            ((blob.digest, blob.body) for blob in blobs if len(blob.body) <= self._most_octets),
        )
        if not self._apart:
            self._rows.insert(blobs)
        self._writer.execute("COMMIT")
        if self._apart:
            self._rows.commit(blobs)

    def read(self, digest: bytes) -> bytes:
        """Give the whole blob."""
        row: tuple[bytes] | None = self._reader.execute(
            "SELECT body FROM blob WHERE digest = ?", (digest,)
        ).fetchone()
        return self._files.read(digest) if row is None else row[0]

    def read_range(self, digest: bytes, start: int, octets: int) -> bytes:
        """Give a part of the blob."""
        number = self._number(digest)
        if number is None:
            return self._files.read_range(digest, start, octets)
        with self._reader.blobopen("blob", "body", number, readonly=True) as body:
            body.seek(start)
            return body.read(octets)

    def _number(self, digest: bytes) -> int | None:
        row: tuple[int] | None = self._reader.execute(
            "SELECT number FROM blob WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else row[0]

    def reader(self, digest: bytes) -> Callable[[], bytes]:
        """Give what reads this blob: the session's row came with its number."""
        number = self._number(digest)
        if number is None:
            return self._files.reader(digest)
        return partial(self._read_number, number)

    def _read_number(self, number: int) -> bytes:
        row: tuple[bytes] = self._reader.execute(
            "SELECT body FROM blob WHERE number = ?", (number,)
        ).fetchone()
        return row[0]

    def remove(self, digests: Collection[bytes]) -> None:
        """Delete them; the pages stay in the file, free for the next blobs."""
        names = self._files.names()
        self._files.remove([digest for digest in digests if digest.hex() in names])
        delete_in_batches(self._writer, "DELETE FROM blob WHERE digest = ?", digests)

    def tidy(self) -> None:
        """Write the database anew; it needs its own size again while it runs."""
        self._writer.execute("VACUUM")
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def mend(self) -> str:
        """SQLite has read its log when the first statement has run."""
        coming = self._files.mend()
        kept = {row[0] for row in self._reader.execute("SELECT digest FROM blob")}
        unnamed = len(kept) + len(self._files.names()) - len(self._rows.named())
        return f"{coming} temporary, {unnamed} unnamed"

    def copy_missing(self, there: Path) -> None:
        """Copy rows above the last number; a shared database goes whole, with its snapshot."""
        self._files.copy_missing(there)
        if self._apart:
            self._copy_new_rows(there / "blobs.db")
        else:
            with closing(sqlite3.connect(there / "pillarbox.db")) as copy:
                self._reader.backup(copy)

    def _copy_new_rows(self, path: Path) -> None:
        self._reader.execute("ATTACH DATABASE ? AS there", (str(path),))
        self._reader.execute(COPY)
        self._reader.execute("DETACH DATABASE there")

    def close(self) -> None:
        """Close every connection."""
        self._files.close()
        self._reader.close()
        self._writer.close()
        self._rows.close()
