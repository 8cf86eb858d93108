"""The few calls on which durability rests, in one place where a test can cut them short."""

import os
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


class _Said:
    """A class and not a generator: it is entered several times for each message."""

    __slots__ = ("_path",)

    def __init__(self, path: str | Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            why = error.strerror or error
            raise StoreFault("{path}: {why}.", path=self._path, why=why) from error


def said_as_store_fault(path: str | Path) -> _Said:
    """Translate the system's errors into ours, in a context."""
    return _Said(path)
