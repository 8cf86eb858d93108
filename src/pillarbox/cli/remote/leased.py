"""A remote that nobody collects from meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from pillarbox.accounts.remotes import Remote
from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault
from pillarbox.collector.collect import take_remote


@contextmanager
def leased(home: Home, remote: Remote) -> Iterator[None]:
    """Hold the lease of a remote; raises OperatorFault where somebody collects from it."""
    lease = take_remote(home.remote_leases, remote.id)
    if lease is None:
        raise OperatorFault(
            "The remote {name!r} is being collected from. Try again when that has ended.",
            name=remote.name,
        )
    try:
        yield
    finally:
        lease.release()
