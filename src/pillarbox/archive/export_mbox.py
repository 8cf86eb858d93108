"""Messages as one mbox, in the form of message/mboxrd.py: written anew, or not touched at all.

An mbox that is there keeps all that is in it, whoever put it there; what it lacks goes behind. It
is written beside it and takes its place when it is durable.
"""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO

from pillarbox.archive.export_name import export_name
from pillarbox.archive.listing import Archived
from pillarbox.base.errors import OperatorFault
from pillarbox.message.mbox import Start, split
from pillarbox.message.mboxrd import Mark, read_mark, written
from pillarbox.store.blobs.port import CHUNK_OCTETS
from pillarbox.store.disk import Disk, said_as_store_fault

FIRST = b"From "
LAST_OCTETS = 3  # that tell whether a blank line ends the file

_Stamp = tuple[int, int, int]


class MboxTarget:
    """An mbox, new or existing. Nobody else may write to it meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = Path(os.path.realpath(path))  # a link stays one

    @contextmanager
    def writing(self, disk: Disk) -> Iterator["_Mbox"]:
        """Read which messages are there; raises OperatorFault where it is no mbox."""
        with said_as_store_fault(self._path):
            if self._path.is_dir():
                raise OperatorFault("{path} is a folder. An mbox is one file.", path=self._path)
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            mbox = _Mbox(self._path, disk)
        try:
            yield mbox
            mbox.finish()
        finally:
            mbox.close()


class _Mbox:
    """A new mbox that is begun with its first message."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._unfinished = path.with_name(f".{path.name}.unfinished")
        self._disk = disk
        self._file: BufferedWriter | None = None
        self._before = _stamp(path)
        self._names = _names(path) if self._before else frozenset()

    def has(self, message: Archived) -> bool:
        """Return whether the mbox that is there has a message."""
        return export_name(message) in self._names

    def add(self, message: Archived, chunks: Iterable[bytes]) -> None:
        """Put a message behind the others."""
        mark = Mark(export_name(message), message.octets)
        date = time.asctime(time.gmtime(message.arrived_at))
        with said_as_store_fault(self._unfinished):
            self._begun().writelines(written(mark, date, chunks))

    def finish(self) -> None:
        """Put the new mbox in the place of the old one, where it is another."""
        with said_as_store_fault(self._path):
            if self._file is None and self._before is not None:
                return
            file = self._begun()
            file.flush()
            self._disk.sync(file.fileno())
            if _stamp(self._path) != self._before:
                raise OperatorFault("Somebody has changed {path} meanwhile.", path=self._path)
            self._disk.rename(self._unfinished, self._path)
            self._disk.sync_folder(self._path.parent)
            self._disk.sync_folder(self._path.parent.parent)  # the folder may be new

    def close(self) -> None:
        """Leave nothing of what is not finished."""
        if self._file is None:
            return
        with suppress(OSError):  # of what is thrown away
            if _is_same(self._file, self._unfinished):
                self._disk.remove(self._unfinished)
        with suppress(OSError):
            self._file.close()

    def _begun(self) -> BufferedWriter:
        """Return the new file, with what the old one has."""
        if self._file is None:
            self._file = _open_alone(self._unfinished)
            if self._before is not None:
                _copy(self._path, self._file)
        return self._file


def _stamp(path: Path) -> _Stamp | None:
    """Return what changes when a file does, None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _names(path: Path) -> frozenset[str]:
    """Return the names of our messages in an mbox; raises OperatorFault where it is none."""
    with path.open("rb") as file:
        if file.peek(len(FIRST))[: len(FIRST)] not in {FIRST, b""}:
            raise OperatorFault("{path} is there, and is no mbox.", path=path)
        starts = (piece for piece in split(_chunks(file)) if isinstance(piece, Start))
        marks = (read_mark(start.separator) for start in starts)
        return frozenset(mark.name for mark in marks if mark)


def _copy(path: Path, to: BufferedWriter) -> None:
    """Copy an mbox, so that a separator may follow."""
    last = b"\n\n"
    with path.open("rb") as file:
        for chunk in _chunks(file):
            to.write(chunk)
            last = (last + chunk)[-LAST_OCTETS:]
    if not last.endswith(b"\n"):
        to.write(b"\n\n")
    elif not last.endswith((b"\n\n", b"\n\r\n")):
        to.write(b"\n")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_OCTETS):
        yield chunk


def _open_alone(path: Path) -> BufferedWriter:
    """Open an empty file that no other export writes to; raises OperatorFault."""
    # Not emptied before it is ours: the other one may be about to give it its name.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    file = os.fdopen(descriptor, "wb")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = _is_same(file, path)
    except BlockingIOError:
        is_ours = False
    if not is_ours:
        file.close()
        raise OperatorFault("Another export writes {path}.", path=path)
    file.truncate()
    return file


def _is_same(file: BufferedWriter, path: Path) -> bool:
    stamp = _stamp(path)
    return stamp is not None and stamp[0] == os.fstat(file.fileno()).st_ino
