"""A remote as a session needs to know it: with its secret, its rules and its limits. Blocking."""

from pillarbox.accounts.remotes import Remote, Tls
from pillarbox.app.build import System
from pillarbox.app.remote_secrets import password_of
from pillarbox.app.rules import refuse_unknown_remotes, ruled
from pillarbox.collector.source import Source, source_of


def source_at(system: System, remote: Remote) -> Source:
    """Return a remote as a login needs to know it; raises as `password_of`."""
    # A remote without TLS was added by somebody who said that the password may be seen.
    allowed = remote.settings.tls is Tls.NONE
    return source_of(remote, password_of(system, remote), allow_password_without_tls=allowed)


def refuse_rules_for_nobody(system: System) -> None:
    """Raise OperatorFault where the configuration names a remote that there is not."""
    refuse_unknown_remotes(system.collect, {remote.name for remote in system.remotes.list()})


def ruled_source(system: System, remote: Remote) -> Source:
    """Return a remote as collecting needs to know it; raises OperatorFault too for a bad rule."""
    return ruled(source_at(system, remote), system.collect, system.accounts, system.remotes)
