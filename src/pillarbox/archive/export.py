"""Messages as files, octet for octet as they are stored: a Maildir, or one .eml each.

A file has its name only when it is whole and durable. The name says which message it is, so a
second run adds what is missing and doubles nothing.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pillarbox.archive.listing import Archived, Listing
from pillarbox.base.errors import OperatorFault
from pillarbox.store.disk import Disk, said_as_store_fault

# A unique-id that we made. One of another server may be another account's too, or hold a slash.
OURS = re.compile(r"[a-z2-7]{26}")
MAILDIR_FOLDERS = ("tmp", "new", "cur")

Seen = Callable[[Archived], None]


class Form(StrEnum):
    """How messages lie in the folder; the names of the command line."""

    MAILDIR = "maildir"
    EML = "eml"


@dataclass(frozen=True, slots=True)
class Exported:
    """How many were written, and how many were there already."""

    written: int
    found: int


class Target(Protocol):
    """A folder that messages are written into."""

    def prepare(self) -> None:
        """Make the folder; raises OperatorFault where it holds something else."""
        ...

    def names(self) -> set[str]:
        """Return the names of the messages that are there."""
        ...

    def name(self, message: Archived) -> str:
        """Return a message's name."""
        ...

    def paths(self, name: str) -> tuple[Path, Path]:
        """Return where a message is written, and where it is when it is whole."""
        ...


def export(
    listing: Listing, messages: Iterable[Archived], target: Target, disk: Disk, seen: Seen
) -> Exported:
    """Write what is missing, and return once all is durable; `seen` is told of each message.

    Raises OperatorFault where the folder is not fit, and StoreFault.
    """
    target.prepare()
    names = target.names()
    written = found = 0
    folder = target.paths("")[1].parent
    for message in messages:
        name = target.name(message)
        if name in names:
            found += 1
        else:
            _write(listing.chunks(message), target.paths(name), disk)
            written += 1
        seen(message)
    with said_as_store_fault(folder):
        disk.sync_folder(folder)
        disk.sync_folder(folder.parent)
    return Exported(written, found)


def _write(chunks: Iterable[bytes], paths: tuple[Path, Path], disk: Disk) -> None:
    unfinished, whole = paths
    with said_as_store_fault(unfinished):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
            file.writelines(chunks)
            file.flush()
            disk.sync(file.fileno())
        disk.rename(unfinished, whole)


class MaildirTarget:
    """A Maildir, new or existing; messages arrive in `new/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Make the three folders; raises OperatorFault where something else is there."""
        with said_as_store_fault(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            there = {path.name for path in self._folder.iterdir()}
            if there and not there.issuperset(MAILDIR_FOLDERS):
                raise OperatorFault("{folder} is neither empty nor a Maildir.", folder=self._folder)
            for name in MAILDIR_FOLDERS:
                (self._folder / name).mkdir(exist_ok=True, mode=0o700)

    def names(self) -> set[str]:
        """Return the names in `new/` and `cur/`, without the flags that a reader has added."""
        with said_as_store_fault(self._folder):
            paths = [*(self._folder / "new").iterdir(), *(self._folder / "cur").iterdir()]
        return {path.name.partition(":")[0] for path in paths}

    def name(self, message: Archived) -> str:
        """Return arrival, message and a host that is none: unique, and the same in every run."""
        return f"{message.arrived_at}.{_which(message)}.pillarbox"

    def paths(self, name: str) -> tuple[Path, Path]:
        """Return the paths in `tmp/` and in `new/`."""
        return self._folder / "tmp" / name, self._folder / "new" / name


class EmlTarget:
    """A folder of .eml files; what else is in it is let be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        """Make the folder."""
        with said_as_store_fault(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def names(self) -> set[str]:
        """Return the names of all files."""
        with said_as_store_fault(self._folder):
            return {path.name for path in self._folder.iterdir()}

    def name(self, message: Archived) -> str:
        """Return what tells the message from all others, with the usual ending."""
        return f"{_which(message)}.eml"

    def paths(self, name: str) -> tuple[Path, Path]:
        """Return a hidden name beside the message's own, and that."""
        return self._folder / f".{name}.unfinished", self._folder / name


def _which(message: Archived) -> str:
    is_ours = OURS.fullmatch(message.unique_id) is not None
    return message.unique_id if is_ours else f"message-{message.id}"


TARGETS: dict[Form, Callable[[Path], Target]] = {
    Form.MAILDIR: MaildirTarget,
    Form.EML: EmlTarget,
}
