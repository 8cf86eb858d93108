"""An exclusive lease as a lock that the kernel drops with the process that held it."""

import fcntl
import os
from pathlib import Path

from pillarbox.base.names import AccountId
from pillarbox.store.disk import said_as_store_fault
from pillarbox.store.views.policy import ViewId


class Lease:
    """A locked file; two sessions of one process exclude each other as two processes do."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lease back. Harmless when done twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take_view_lease(folder: Path, account: AccountId, view: ViewId) -> Lease | None:
    """Return the lease of one view, None where a session has it; raises StoreFault."""
    return take_lease(folder / f"{account}-{view}")


def take_lease(path: Path) -> Lease | None:
    """Return the lease, None where somebody else has it; raises StoreFault."""
    with said_as_store_fault(path):
        # The file stays: removing it would let two processes lock two files of one name.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                return None
            raise
    return Lease(descriptor)
