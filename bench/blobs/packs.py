"""B: append-only packs, one sync a batch, and an index in the rows' own database.

A pack belongs to one process from its making to its end, so that two writers never share a tail.
Each record carries its digest and its octet count: the index can be made again from the packs.
"""

import os
import shutil
import struct
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path

from bench.blobs.layout import Rows, delete_in_batches
from bench.blobs.mail import Blob

PACK_OCTETS = 64 * 2**20  # what one compaction rewrites at most
RECORD = struct.Struct(">32sQ")
WRITES_AT_ONCE = 512  # two buffers a record; Linux takes 1024 in one writev

INDEX = """
CREATE TABLE IF NOT EXISTS blob (
    digest BLOB PRIMARY KEY, pack TEXT NOT NULL, start INTEGER NOT NULL, octets INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blob_by_pack ON blob (pack, start);
"""
INSERT = "INSERT INTO blob VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
MOVE = "UPDATE blob SET pack = ?2, start = ?3 WHERE digest = ?1 AND octets = ?4"


class PackWriter:
    """The pack that this process appends to; a new one when it is full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = ""
        self._file = -1
        self._end = PACK_OCTETS

    def append(self, blobs: Sequence[Blob]) -> list[tuple[bytes, str, int, int]]:
        """Write the blobs, sync once, and give their index entries."""
        if self._end >= PACK_OCTETS:
            self._begin()
        entries, buffers = [], []
        for blob in blobs:
            start = self._end + RECORD.size
            entries.append((blob.digest, self.name, start, len(blob.body)))
            buffers += [RECORD.pack(blob.digest, len(blob.body)), blob.body]
            self._end = start + len(blob.body)
        self._write(buffers)
        os.fdatasync(self._file)
        return entries

    def _write(self, buffers: list[bytes]) -> None:
        for start in range(0, len(buffers), WRITES_AT_ONCE):
            some = buffers[start : start + WRITES_AT_ONCE]
            if os.writev(self._file, some) != sum(map(len, some)):
                message = f"{self.name}: the disk took a part only"
                raise OSError(message)

    def _begin(self) -> None:
        self.close()
        self.name = os.urandom(8).hex()
        self._file = os.open(self._folder / self.name, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self._end = 0

    def close(self) -> None:
        """End the pack; nothing is appended to it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Packs:
    """B with its rows."""

    def __init__(self, home: Path) -> None:
        self._rows = Rows(home, INDEX)
        self._folder = home / "packs"
        self._folder.mkdir(exist_ok=True)
        self._writer = PackWriter(self._folder)
        self._open: dict[str, int] = {}
        self.named = self._rows.named

    def put(self, blob: Blob) -> None:
        """Nothing: a blob waits for its batch."""

    def commit(self, blobs: Sequence[Blob]) -> None:
        """One sync for the blobs, one for the index and the rows."""
        entries = self._writer.append(blobs)
        self._rows.writer.execute("BEGIN IMMEDIATE")
        self._rows.writer.executemany(INSERT, entries)
        self._rows.insert(blobs)
        self._rows.writer.execute("COMMIT")

    def locate(self, digest: bytes) -> tuple[str, int, int]:
        """Ask the index; raise KeyError when it has no such blob."""
        row: tuple[str, int, int] | None = self._rows.reader.execute(
            "SELECT pack, start, octets FROM blob WHERE digest = ?", (digest,)
        ).fetchone()
        if row is None:
            raise KeyError(digest.hex())
        return row

    def read(self, digest: bytes) -> bytes:
        """Give the whole blob."""
        pack, start, octets = self.locate(digest)
        return os.pread(self._pack(pack), octets, start)

    def reader(self, digest: bytes) -> Callable[[], bytes]:
        """Give what reads this blob: the session's row came with its place."""
        pack, start, octets = self.locate(digest)
        return partial(os.pread, self._pack(pack), octets, start)

    def read_range(self, digest: bytes, start: int, octets: int) -> bytes:
        """Give a part of the blob."""
        pack, first, length = self.locate(digest)
        return os.pread(self._pack(pack), min(octets, length - start), first + start)

    def _pack(self, name: str) -> int:
        file = self._open.get(name)
        if file is None:
            file = self._open[name] = os.open(self._folder / name, os.O_RDONLY)
        return file

    def remove(self, digests: Collection[bytes]) -> None:
        """Forget where they lie; the octets stay until `tidy`."""
        delete_in_batches(self._rows.writer, "DELETE FROM blob WHERE digest = ?", digests)

    def tidy(self) -> None:
        """Rewrite every pack with a hole in it. A real one must wait for readers' old places."""
        for name in self._names():
            if name != self._writer.name and self._dead_octets(name) > 0:
                self._rewrite(name)

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._folder.iterdir())

    def _dead_octets(self, name: str) -> int:
        count, octets = self._rows.reader.execute(
            "SELECT count(*), ifnull(sum(octets), 0) FROM blob WHERE pack = ?", (name,)
        ).fetchone()
        size = (self._folder / name).stat().st_size
        return size - int(octets) - int(count) * RECORD.size

    def _rewrite(self, name: str) -> None:
        blobs = list(self._live(name))
        writer = PackWriter(self._folder)
        entries = writer.append(blobs) if blobs else []
        writer.close()
        self._rows.writer.execute("BEGIN IMMEDIATE")
        self._rows.writer.executemany(MOVE, entries)
        self._rows.writer.execute("COMMIT")
        if name in self._open:
            os.close(self._open.pop(name))
        (self._folder / name).unlink()

    def _live(self, name: str) -> Iterable[Blob]:
        places = self._rows.reader.execute(
            "SELECT digest, start, octets FROM blob WHERE pack = ? ORDER BY start", (name,)
        )
        for digest, start, octets in places:
            yield Blob(digest, os.pread(self._pack(name), octets, start))

    def mend(self) -> str:
        """Look at every pack's end: what no entry names is dead, and no one appends to it."""
        dead = sum(self._dead_octets(name) for name in self._names())
        return f"{dead // 1000} KB of dead tail"

    def copy_missing(self, there: Path) -> None:
        """Packs only grow or vanish: one whose octet count is the same is the same."""
        for name in self._names():
            here, copy = self._folder / name, there / "packs" / name
            if not copy.exists() or copy.stat().st_size != here.stat().st_size:
                shutil.copyfile(here, copy)

    def close(self) -> None:
        """Let go of every pack and the rows."""
        self._writer.close()
        for file in self._open.values():
            os.close(file)
        self._rows.close()
