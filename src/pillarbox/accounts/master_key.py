"""Where the master key lies: a systemd credential, or a file of our own outside the database.

Callers hold the database's write lock while they write here, so that two processes never make
two first keys.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pillarbox.accounts.key_ring import KeyRing, parse_key_ring, print_key_ring
from pillarbox.base.errors import OperatorFault, StoreFault

CREDENTIAL = "pillarbox.master"
FILE_OCTETS = 65_536  # about a thousand keys
OTHERS = 0o077


class Disk(Protocol):
    """The calls on which durability rests."""

    def sync(self, descriptor: int) -> None:
        """Return once the file's octets are on the disk."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file its name; a reader sees the old state or the new one."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Return once the names in a folder are on the disk."""
        ...


class MasterKey(Protocol):
    """Keeps the key ring."""

    @property
    def path(self) -> Path:
        """Where it lies, for those who must mend it."""
        ...

    def read(self) -> KeyRing | None:
        """Return the ring, None where none has been made; raises OperatorFault."""
        ...

    def write(self, ring: KeyRing) -> None:
        """Replace the ring and return once that is durable; raises OperatorFault, StoreFault."""
        ...

    def settle(self) -> None:
        """Return once what `read` returns is durable: a kill may have left a rename unsynced."""
        ...


class KeyFile:
    """The file `master` in a folder of ours, for nobody else's eyes; made when first written."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self.path = folder / "master"

    def read(self) -> KeyRing | None:
        """Return the ring, None where the file is missing.

        Raises OperatorFault where others may read the file, or where it cannot be understood.
        """
        octets = _read(self.path, mode_refused=OTHERS)
        return None if octets is None else parse_key_ring(octets, self.path)

    def write(self, ring: KeyRing) -> None:
        """Replace the file: sync the new one, rename, sync the folder; raises StoreFault."""
        # One name for all: writers take turns, and what a killed one left is written over.
        unfinished = self._folder / "master.new"
        with _said_as_store_fault(self.path):
            self._make_folder()
            self._write_synced(unfinished, print_key_ring(ring))
            self._disk.rename(unfinished, self.path)
            self._disk.sync_folder(self._folder)

    def settle(self) -> None:
        """Return once the file's name is on the disk; its octets were before it had the name."""
        with _said_as_store_fault(self.path):
            self._disk.sync_folder(self._folder)

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._disk.sync_folder(self._folder.parent)

    def _write_synced(self, path: Path, octets: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(octets)
            file.flush()
            self._disk.sync(file.fileno())


class CredentialFile:
    """A systemd credential: given to us to read, and only the operator's to change."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> KeyRing | None:
        """Return the ring; raises OperatorFault where it cannot be read or understood."""
        # systemd answers for who may read it; with its access list the mode looks open: 0440.
        octets = _read(self.path, mode_refused=0)
        return None if octets is None else parse_key_ring(octets, self.path)

    def write(self, ring: KeyRing) -> None:
        """Raise OperatorFault."""
        del ring
        raise OperatorFault(
            "{path} is a systemd credential, which Pillarbox cannot change. Put a new line on top"
            " of it, restart, and take the old lines out once everything is sealed anew.",
            path=self.path,
        )

    def settle(self) -> None:
        """Return at once: systemd keeps the original."""


def find_master_key(folder: Path, credentials: Path | None, disk: Disk) -> MasterKey:
    """Return the credential where systemd passes one, else the file in `folder`.

    `credentials` is what $CREDENTIALS_DIRECTORY names.
    """
    if credentials is not None and (credentials / CREDENTIAL).exists():
        return CredentialFile(credentials / CREDENTIAL)
    return KeyFile(folder, disk)


def _read(path: Path, mode_refused: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & mode_refused:
                raise OperatorFault(
                    'Others may read {path}. Run "chmod 600 {path}", and put a new key in its place'
                    " if they may have done so.",
                    path=path,
                )
            octets = file.read(FILE_OCTETS + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorFault("{path}: {why}.", path=path, why=error.strerror) from error
    if len(octets) > FILE_OCTETS:
        raise OperatorFault("{path} is too long for a key file.", path=path)
    return octets


@contextlib.contextmanager
def _said_as_store_fault(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFault("{path}: {why}.", path=path, why=error.strerror or error) from error
