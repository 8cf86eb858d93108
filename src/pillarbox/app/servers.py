"""Which serving processes live: each holds a lock on a file of its own, in `run/servers`.

The kernel drops the lock with the process, however that ends.
"""

from pathlib import Path

from pillarbox.server.chance import new_session_id
from pillarbox.store.disk import said_as_store_fault
from pillarbox.store.lease import take_lease


class Presence:
    """That this process serves, until `leave`."""

    def __init__(self, folder: Path) -> None:
        with said_as_store_fault(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lease = None
        while lease is None:  # somebody may be looking whether a new file is locked
            self.name = str(new_session_id())
            self._path = folder / self.name
            lease = take_lease(self._path)
        self._lease = lease

    def leave(self) -> None:
        """Serve no more. Harmless when done twice."""
        with said_as_store_fault(self._path):
            self._path.unlink(missing_ok=True)
        self._lease.release()


def living(folder: Path) -> frozenset[str]:
    """Return the names of those that serve now; raises StoreFault."""
    with said_as_store_fault(folder):
        files = list(folder.iterdir()) if folder.is_dir() else []
    return frozenset(file.name for file in files if not _is_free(file))


def _is_free(file: Path) -> bool:
    lease = take_lease(file)
    if lease is None:
        return False
    lease.release()
    return True
