"""One caller at a time, of this process and of all others: a locked file. Blocking."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from pillarbox.accounts.remotes import Remote
from pillarbox.base.errors import StoreFault
from pillarbox.store.disk import said_as_store_fault
from pillarbox.store.lease import Lease, take_lease

LONGEST_SECONDS = 60.0  # several times what asking an authorization server may take
PAUSE_SECONDS = 0.05


class Turns:
    """The turns of the remotes; `folder` holds a file for each."""

    def __init__(self, folder: Path, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._folder = folder
        self._longest_seconds = longest_seconds

    @contextmanager
    def __call__(self, remote: Remote) -> Iterator[None]:
        """Give the remote's turn; raises StoreFault where somebody keeps it too long."""
        with said_as_store_fault(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lease = self._lease(self._folder / str(remote.id))
        try:
            yield
        finally:
            lease.release()

    def _lease(self, path: Path) -> Lease:
        end = monotonic() + self._longest_seconds
        while (lease := take_lease(path)) is None:
            if monotonic() > end:
                raise StoreFault("{path} is locked by another process.", path=path)
            sleep(PAUSE_SECONDS)
        return lease
