"""One file a blob, on the local disk: `ab/cdef…`; in `incoming/` what is not yet whole.

A name appears only by rename, after the octets are on the disk, so a name means a whole blob.
"""

import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from pillarbox.base.errors import StoreFault
from pillarbox.store.blobs.port import Digest
from pillarbox.store.disk import Disk, said_as_store_fault

NAME = re.compile("[0-9a-f]{64}")
STALE_SECONDS = 86_400  # no delivery or collection is allowed to take a day


class FileBlobs:
    """Blobs as files below `folder`, which is made where it is missing."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder
        self.incoming = folder / "incoming"
        self.disk = disk
        self._folders = [folder / f"{number:02x}" for number in range(256)]
        with said_as_store_fault(folder):
            self._make_folders()

    def writer(self) -> "FileWriter":
        """Return a writer for one new blob."""
        return FileWriter(self)

    def keep_all(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Return the names of several blobs once all are durable; raises StoreFault.

        Each is synced before it has its name, and each folder once, before anybody hears of it.
        """
        with contextlib.ExitStack() as stack:
            writers = [stack.enter_context(self.writer()) for _ in blobs]
            for writer, blob in zip(writers, blobs, strict=True):
                writer.write(blob)
                writer.start()
            digests = [writer.settle() for writer in writers]
            for number in {digest[0] for digest in digests}:
                self._sync_folder(number)
        return digests

    def open(self, digest: Digest) -> "FileReader":
        """Return a reader; raises StoreFault where the blob is missing."""
        return FileReader(self.place(digest))

    def remove(self, digest: Digest) -> None:
        """Remove a blob's file, where there is one; raises StoreFault."""
        path = self.path(digest)
        with said_as_store_fault(path):
            self.disk.remove(path)

    def names(self, seconds: float) -> Iterator[Digest]:
        """Yield every blob whose file was written so long ago; raises StoreFault.

        A message that comes once more writes its file anew.
        """
        latest = time.time() - seconds
        for number in range(256):
            yield from self._names_in(self.folder / f"{number:02x}", latest)

    def _names_in(self, folder: Path, latest: float) -> Iterator[Digest]:
        with said_as_store_fault(folder), os.scandir(folder) as entries:
            for entry in entries:
                digest = _digest(folder.name + entry.name)
                with contextlib.suppress(FileNotFoundError):  # another process was faster
                    if digest is not None and entry.stat().st_mtime <= latest:
                        yield digest

    def path(self, digest: Digest) -> Path:
        """Return where a blob lies or would lie."""
        return Path(self.place(digest))

    def place(self, digest: Digest) -> str:
        """Return the same as text: making a Path takes longer than most that is done with it."""
        return f"{self._folders[digest[0]]}/{digest.hex()[2:]}"

    def sync_name(self, digest: Digest) -> None:
        """Return once a blob's name is on the disk; raises StoreFault."""
        self._sync_folder(digest[0])

    def _sync_folder(self, number: int) -> None:
        folder = self._folders[number]
        with said_as_store_fault(folder):
            self.disk.sync_folder(folder)

    def _make_folders(self) -> None:
        # All at once and synced, so that no delivery rests on a folder that may vanish.
        self.incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number in range(256):
            (self.folder / f"{number:02x}").mkdir(exist_ok=True, mode=0o700)
        self.disk.sync_folder(self.folder)

    def sweep(self) -> None:
        """Remove what deliveries that were cut short long ago have left; raises StoreFault."""
        oldest = time.time() - STALE_SECONDS
        with said_as_store_fault(self.incoming):
            for path in self.incoming.iterdir():
                with contextlib.suppress(FileNotFoundError):  # another process was faster
                    if path.stat().st_mtime < oldest:
                        path.unlink()


def _digest(name: str) -> Digest | None:
    """Return which blob a name means, None where it is none of ours."""
    return Digest(bytes.fromhex(name)) if NAME.fullmatch(name) else None


class FileWriter:
    """Writes one blob to a temporary file, hashing on the way."""

    def __init__(self, blobs: FileBlobs) -> None:
        self._blobs = blobs
        self._hash = hashlib.sha256()
        self._path = f"{blobs.incoming}/{secrets.token_hex(16)}"
        with said_as_store_fault(self._path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = os.open(self._path, flags, 0o600)
        self._is_kept = False

    def write(self, chunk: bytes) -> None:
        """Take the next octets; raises StoreFault."""
        self._hash.update(chunk)
        rest = memoryview(chunk)
        with said_as_store_fault(self._path):
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def start(self) -> None:
        """Begin to bring the octets to the disk; raises StoreFault."""
        with said_as_store_fault(self._path):
            self._blobs.disk.start_writing(self._file)

    def settle(self) -> Digest:
        """Give the octets their name once they are durable; the name itself is not yet."""
        digest = Digest(self._hash.digest())
        path = self._blobs.place(digest)
        with said_as_store_fault(path):
            self._blobs.disk.sync(self._file)
            self._blobs.disk.rename(Path(self._path), Path(path))  # over an equal blob, too
            self._is_kept = True
        return digest

    def keep(self) -> Digest:
        """Return the name once the blob is durable; raises StoreFault."""
        digest = self.settle()
        self._blobs.sync_name(digest)
        return digest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)
        if not self._is_kept:
            Path(self._path).unlink(missing_ok=True)


class FileReader:
    """Reads one blob's file; the octets stay readable even when the name goes."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._file = FileIO(path)
        except OSError as error:
            raise StoreFault("{path}: {why}.", path=path, why=error.strerror) from error

    def read(self, octets: int) -> bytes:
        """Return the next octets, nothing at the end; raises StoreFault."""
        with said_as_store_fault(self._path):
            return self._file.read(octets) or b""

    def close(self) -> None:
        """Close the file."""
        self._file.close()
