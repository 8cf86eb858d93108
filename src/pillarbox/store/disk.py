"""The few calls on which durability rests, in one place where a test can cut them short."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from pillarbox.base.errors import StoreFault


class Disk:
    """The local file system."""

    def sync(self, descriptor: int) -> None:
        """Return once the file's octets are on the disk."""
        os.fsync(descriptor)

    def start_writing(self, descriptor: int) -> None:
        """Begin to bring a file's octets to the disk; `sync` of several then waits for less."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)  # Linux writes what is dirty

    def rename(self, old: Path, new: Path) -> None:
        """Give a file its name; a reader sees the old state or the new one."""
        old.rename(new)

    def remove(self, path: Path) -> None:
        """Take a file's name away, where it has one; after a crash it may be there again."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Return once the names in a folder are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def said_as_store_fault(path: Path) -> Iterator[None]:
    """Translate the system's errors into ours."""
    try:
        yield
    except OSError as error:
        raise StoreFault("{path}: {why}.", path=path, why=error.strerror or error) from error
