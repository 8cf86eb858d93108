"""Find the files that hold messages: one each, many in an mbox, or the files of a Maildir."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from pillarbox.base.words import N_

NOT_A_FILE = N_("It is neither a file nor a folder.")
NOT_MAIL = N_("It is neither a .eml file nor an mbox.")
SEPARATOR = b"From "


class Place(Enum):
    """Where a path was met, which decides what it is taken for."""

    NAMED = auto()  # by the operator: whatever it is called, it is mail
    FOLDER = auto()
    MAILDIR = auto()  # its cur/ or new/: each file is one message


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file with one message, or with any number where it is an mbox."""

    path: Path
    is_mbox: bool
    octets: int


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not delivered, and why; `number` counts the messages of an mbox from 1."""

    path: Path
    why: str
    number: int | None = None


def find_mail(paths: Iterable[Path]) -> Iterator[MailFile | Refused]:
    """Yield every file in the order of `paths`, a folder's by name; never raises OSError."""
    waiting = [(path, Place.NAMED) for path in paths][::-1]
    while waiting:
        path, place = waiting.pop()
        try:
            if _is_folder(path, place):
                waiting += list(_contents(path))[::-1]
            else:
                yield _look(path, place)
        except OSError as error:
            yield Refused(path, reason(error))


def reason(error: OSError) -> str:
    """Return the system's words for an error."""
    return error.strerror or str(error)


def _is_folder(path: Path, place: Place) -> bool:
    # A link to a folder may lead in circles; one that the operator names is meant.
    return path.is_dir() and (place is Place.NAMED or not path.is_symlink())


def _contents(folder: Path) -> Iterator[tuple[Path, Place]]:
    entries = sorted(folder.iterdir())
    if {"cur", "new"} <= {entry.name for entry in entries if entry.is_dir()}:
        yield from _maildir(folder, entries)
        return
    for entry in entries:
        if not entry.name.startswith("."):
            yield entry, Place.FOLDER


def _maildir(folder: Path, entries: list[Path]) -> Iterator[tuple[Path, Place]]:
    """Yield the messages of a Maildir, oldest first, then the folders in it; tmp/ holds no mail."""
    messages = [*(folder / "cur").iterdir(), *(folder / "new").iterdir()]
    for message in sorted(messages, key=lambda path: path.name):  # names start with the time
        if not message.name.startswith("."):
            yield message, Place.MAILDIR
    for entry in entries:
        if entry.is_dir() and entry.name not in {"cur", "new", "tmp"}:
            yield entry, Place.FOLDER


def _look(path: Path, place: Place) -> MailFile | Refused:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return Refused(path, NOT_A_FILE)  # a pipe would make us wait for ever
    if place is Place.MAILDIR or path.suffix.lower() == ".eml":
        return MailFile(path, is_mbox=False, octets=status.st_size)
    if _starts_as_mbox(path):
        return MailFile(path, is_mbox=True, octets=status.st_size)
    if place is Place.FOLDER:
        return Refused(path, NOT_MAIL)
    return MailFile(path, is_mbox=False, octets=status.st_size)


def _starts_as_mbox(path: Path) -> bool:
    with path.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), len(SEPARATOR), 0) == SEPARATOR
