"""One message on its way into the store. Each call here blocks and is made in a pool's thread."""

import contextlib
import errno

from pillarbox.base.errors import Fault
from pillarbox.delivery.effects import Failure
from pillarbox.store.deposit import Deposit
from pillarbox.store.quota import MaildropFullError, NeverFitsError
from pillarbox.store.store import Incoming, Kept

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


class Arrival:
    """Octets that are on the disk, yet belong to nobody until they are kept."""

    def __init__(self, store: Deposit) -> None:
        self._store = store
        self._opened = contextlib.ExitStack()
        self._incoming: Incoming | None = None

    def write(self, octets: bytes) -> None:
        """Take the next octets; raises StoreFault."""
        self._open().write(octets)

    def keep(self, octets: bytes) -> Kept:
        """Take the last octets and return once all are durable; raises StoreFault."""
        with self._opened:
            incoming = self._open()
            incoming.write(octets)
            return incoming.keep()

    def drop(self) -> None:
        """Leave nothing behind. Harmless when done twice, or after `keep`."""
        self._opened.close()

    def _open(self) -> Incoming:
        if self._incoming is None:
            self._incoming = self._opened.enter_context(self._store.incoming())
        return self._incoming


def failure_of(fault: Fault) -> Failure:
    """Return what the sender is told of a fault."""
    if isinstance(fault, MaildropFullError):
        return Failure.FULL
    if isinstance(fault, NeverFitsError):
        return Failure.NEVER_FITS
    cause = fault.__cause__
    is_full = (
        cause.errno in NO_SPACE
        if isinstance(cause, OSError)
        else getattr(cause, "sqlite_errorname", None) == "SQLITE_FULL"
    )
    return Failure.NO_SPACE if is_full else Failure.FAULT
