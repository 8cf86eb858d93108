"""What a remote wants to hear, wherever it is kept. Blocking: for a thread of a pool."""

from pillarbox.accounts.keyring_password import password_from_keyring
from pillarbox.accounts.remote_settings import SecretKind
from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System
from pillarbox.app.password_command import password_from_command
from pillarbox.base.errors import StoreFault
from pillarbox.base.secret import Secret


def password_of(system: System, remote: Remote) -> Secret:
    """Return what logs in at a remote now.

    Raises OperatorFault where it cannot be had, or the remote is gone by now; StoreFault; for
    tokens TokensUnavailableFault.
    """
    sealed = _sealed(system, remote)
    match remote.settings.secret_kind:
        case SecretKind.COMMAND:
            return password_from_command(sealed)
        case SecretKind.KEYRING:
            return password_from_keyring(sealed, remote.settings.user)
        case SecretKind.OAUTH:
            return system.grants.token(remote)
        case _:
            return sealed


def another_secret(system: System, remote: Remote, refused: Secret) -> Secret | None:
    """Return what may log in where `refused` did not, None where there is nothing else.

    A token may be taken back before its time. Raises as `password_of`.
    """
    if remote.settings.secret_kind is not SecretKind.OAUTH:
        return None
    return system.grants.token_after(remote, refused)


def _sealed(system: System, remote: Remote) -> Secret:
    try:
        return system.remotes.password(remote)
    except StoreFault:
        system.remotes.show(remote.name)  # it may be gone by now, and its password with it
        raise
