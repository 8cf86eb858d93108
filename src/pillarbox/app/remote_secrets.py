"""What a remote wants to hear, wherever it is kept."""

from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System
from pillarbox.base.errors import StoreFault
from pillarbox.base.secret import Secret


def password_of(system: System, remote: Remote) -> Secret:
    """Return what logs in at a remote now.

    Raises OperatorFault where it cannot be had, or the remote is gone by now; StoreFault.
    """
    return _sealed(system, remote)


def _sealed(system: System, remote: Remote) -> Secret:
    try:
        return system.remotes.password(remote)
    except StoreFault:
        system.remotes.show(remote.name)  # it may be gone by now, and its password with it
        raise
