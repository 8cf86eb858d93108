"""Messages as files, octet for octet as they are stored: a Maildir, one .eml each, or an mbox.

A file has its name only when it is whole and durable. What is written says which message it is, so
a second run adds what is missing and doubles nothing.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pillarbox.archive.export_mbox import MboxTarget
from pillarbox.archive.export_name import export_name
from pillarbox.archive.listing import Archived, Listing
from pillarbox.base.errors import OperatorFault
from pillarbox.store.disk import Disk, said_as_store_fault

MAILDIR_FOLDERS = ("tmp", "new", "cur")

Seen = Callable[[Archived], None]


class Form(StrEnum):
    """How messages lie there; the names of the command line."""

    MAILDIR = "maildir"
    EML = "eml"
    MBOX = "mbox"


@dataclass(frozen=True, slots=True)
class Exported:
    """How many were written, and how many were there already."""

    written: int
    found: int


class Sink(Protocol):
    """Where messages go, one by one. Every call raises StoreFault."""

    def has(self, message: Archived) -> bool:
        """Return whether it is there already."""
        ...

    def add(self, message: Archived, chunks: Iterable[bytes]) -> None:
        """Write a message."""
        ...


class Target(Protocol):
    """A place that messages are written to."""

    def writing(self, disk: Disk) -> AbstractContextManager[Sink]:
        """Give a sink; once the context is left without a fault, all is durable.

        Raises OperatorFault where something else is there, and StoreFault.
        """
        ...


def export(
    listing: Listing, messages: Iterable[Archived], target: Target, disk: Disk, seen: Seen
) -> Exported:
    """Write what is missing, and return once all is durable; `seen` is told of each message.

    Raises OperatorFault where the place is not fit, and StoreFault.
    """
    written = found = 0
    with target.writing(disk) as sink:
        for message in messages:
            if sink.has(message):
                found += 1
            else:
                sink.add(message, listing.chunks(message))
                written += 1
            seen(message)
    return Exported(written, found)


class MaildirTarget:
    """A Maildir, new or existing; messages arrive in `new/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: frozenset[str] = frozenset()  # names in cur/, without flags

    @contextmanager
    def writing(self, disk: Disk) -> Iterator[Sink]:
        """Make the three folders; raises OperatorFault where something else is there."""
        new = self._folder / "new"
        with said_as_store_fault(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            there = {path.name for path in self._folder.iterdir()}
            if there and not there.issuperset(MAILDIR_FOLDERS):
                raise OperatorFault("{folder} is neither empty nor a Maildir.", folder=self._folder)
            for name in MAILDIR_FOLDERS:
                (self._folder / name).mkdir(exist_ok=True, mode=0o700)
            cur = (self._folder / "cur").iterdir()
            self._read = frozenset(path.name.partition(":")[0] for path in cur)
        yield _Files(self, disk)
        _sync_folders(disk, new, self._folder)

    def paths(self, message: Archived) -> tuple[Path, Path]:
        """Return the paths in `tmp/` and in `new/`.

        The name is arrival, message and a host that is none: unique, and the same in every run.
        """
        name = f"{message.arrived_at}.{export_name(message)}.pillarbox"
        return self._folder / "tmp" / name, self._folder / "new" / name

    def has(self, path: Path) -> bool:
        """Return whether a message is there, with or without the flags that a reader has added."""
        return path.name in self._read or os.path.lexists(path)


class EmlTarget:
    """A folder of .eml files; what else is in it is let be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def writing(self, disk: Disk) -> Iterator[Sink]:
        """Make the folder."""
        with said_as_store_fault(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield _Files(self, disk)
        _sync_folders(disk, self._folder, self._folder.parent)

    def paths(self, message: Archived) -> tuple[Path, Path]:
        """Return a hidden name beside the message's own, and that."""
        name = f"{export_name(message)}.eml"
        return self._folder / f".{name}.unfinished", self._folder / name

    def has(self, path: Path) -> bool:
        """Return whether there is anything of that name."""
        return os.path.lexists(path)


class _Folder(Protocol):
    """Where a message is written, where it is when it is whole, and whether it is there."""

    def paths(self, message: Archived) -> tuple[Path, Path]: ...

    def has(self, path: Path) -> bool: ...


class _Files:
    """Writes a file a message."""

    def __init__(self, folder: _Folder, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk

    def has(self, message: Archived) -> bool:
        """Return whether a message has its file."""
        _unfinished, whole = self._folder.paths(message)
        with said_as_store_fault(whole):
            return self._folder.has(whole)

    def add(self, message: Archived, chunks: Iterable[bytes]) -> None:
        """Write a file, and give it its name when its octets are durable."""
        unfinished, whole = self._folder.paths(message)
        with said_as_store_fault(unfinished):
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
                file.writelines(chunks)
                file.flush()
                self._disk.sync(file.fileno())
            self._disk.rename(unfinished, whole)


def _sync_folders(disk: Disk, *folders: Path) -> None:
    for folder in folders:
        with said_as_store_fault(folder):
            disk.sync_folder(folder)


TARGETS: dict[Form, Callable[[Path], Target]] = {
    Form.MAILDIR: MaildirTarget,
    Form.EML: EmlTarget,
    Form.MBOX: MboxTarget,
}
