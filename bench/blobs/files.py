"""A: one file a blob, below 256 folders named by the first two digits of the digest.

A rename is atomic, so that a name that exists is a whole blob; nothing needs a lock, and a start
has only the folder of temporary files to empty.
"""

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from bench.blobs.layout import Rows
from bench.blobs.mail import Blob


def place(digest: bytes) -> str:
    """Say where a blob lies, from the folder of blobs."""
    name = digest.hex()
    return f"{name[:2]}/{name}"


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class FileBlobs:
    """The blobs alone, without rows."""

    def __init__(self, home: Path) -> None:
        self._root = home / "blobs"
        self._coming = home / "coming"
        self._coming.mkdir(exist_ok=True)
        for folder in self._folders():
            folder.mkdir(parents=True, exist_ok=True)
        # Names are looked up from this open folder: a third less work than from the top.
        self._from = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(self._from)

    def _folders(self) -> list[Path]:
        return [self._root / f"{first:02x}" for first in range(256)]

    def path(self, digest: bytes) -> Path:
        """Say where a blob lies."""
        return self._root / place(digest)

    def put(self, digest: bytes, chunks: Iterable[bytes]) -> None:
        """Keep the chunks under their digest: durable on return."""
        path = self.path(digest)
        if not path.exists():
            self._write(path, chunks)
        # Also for a name that was there: its writer may not have come as far as this sync.
        sync_folder(path.parent)

    def _write(self, path: Path, chunks: Iterable[bytes]) -> None:
        coming = self._coming / os.urandom(12).hex()
        with coming.open("xb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        coming.rename(path)

    def read(self, digest: bytes) -> bytes:
        """Give the whole blob."""
        file = os.open(place(digest), os.O_RDONLY, dir_fd=self._from)
        try:
            return os.read(file, os.fstat(file).st_size)
        finally:
            os.close(file)

    def reader(self, digest: bytes) -> Callable[[], bytes]:
        """Give what reads this blob: the session's row knows its octets."""
        octets = self.path(digest).stat().st_size
        return lambda: self.read_range(digest, 0, octets)

    def read_range(self, digest: bytes, start: int, octets: int) -> bytes:
        """Give a part of the blob."""
        file = os.open(place(digest), os.O_RDONLY, dir_fd=self._from)
        try:
            return os.pread(file, octets, start)
        finally:
            os.close(file)

    def names(self) -> set[str]:
        """Give every name on the disk, in hexadecimal."""
        return {
            entry.name for first in range(256) for entry in os.scandir(f"{self._root}/{first:02x}")
        }

    def remove(self, digests: Collection[bytes]) -> None:
        """Unlink these; whoever has one open still reads it to the end."""
        for digest in digests:
            self.path(digest).unlink()

    def mend(self) -> int:
        """Empty the folder of temporary files; give how many there were."""
        left = list(self._coming.iterdir())
        for path in left:
            path.unlink()
        return len(left)

    def copy_missing(self, there: Path) -> None:
        """Copy each blob whose name is not there."""
        other = FileBlobs(there)
        for name in self.names() - other.names():
            digest = bytes.fromhex(name)
            shutil.copyfile(self.path(digest), other.path(digest))
        other.close()

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._from)


class Files:
    """A with its rows."""

    def __init__(self, home: Path) -> None:
        self._rows = Rows(home)
        self._blobs = FileBlobs(home)
        self.read = self._blobs.read
        self.reader = self._blobs.reader
        self.read_range = self._blobs.read_range
        self.named = self._rows.named
        self.remove = self._blobs.remove
        self.copy_missing = self._blobs.copy_missing

    def put(self, blob: Blob) -> None:
        """Write and sync in the deliverer's thread: the file system joins syncs of its own."""
        self._blobs.put(blob.digest, (blob.body,))

    def commit(self, blobs: Sequence[Blob]) -> None:
        """Only the rows are left to do."""
        self._rows.commit(blobs)

    def tidy(self) -> None:
        """Nothing: `remove` has given the space back."""

    def mend(self) -> str:
        """Remove temporary files; blobs without a row wait for the next garbage collection."""
        coming = self._blobs.mend()
        unnamed = len(self._blobs.names()) - len(self._rows.named())
        return f"{coming} temporary, {unnamed} unnamed"

    def close(self) -> None:
        """Let go of the folder and the rows."""
        self._blobs.close()
        self._rows.close()
