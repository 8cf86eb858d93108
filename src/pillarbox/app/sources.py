"""A remote as a session needs to know it: with its secret, its rules and its limits. Blocking."""

from dataclasses import replace

from pillarbox.accounts.remote_settings import Tls
from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System
from pillarbox.app.remote_secrets import password_of
from pillarbox.app.rules import refuse_unknown_remotes, ruled
from pillarbox.archive.remote_states import RemoteState
from pillarbox.collector.limits import Counts, day_of
from pillarbox.collector.manners import may_pipeline
from pillarbox.collector.rules import hastened
from pillarbox.collector.source import Source, source_of


def source_at(system: System, remote: Remote) -> Source:
    """Return a remote as a login needs to know it; raises as `password_of`."""
    # A remote without TLS was added by somebody who said that the password may be seen.
    allowed = remote.settings.tls is Tls.NONE
    return source_of(remote, password_of(system, remote), allow_password_without_tls=allowed)


def refuse_rules_for_nobody(system: System) -> None:
    """Raise OperatorFault where the configuration names a remote that there is not."""
    refuse_unknown_remotes(system.collect, {remote.name for remote in system.remotes.list()})


def source_now(system: System, remote: Remote, state: RemoteState) -> Source:
    """Return a remote as a session needs to know it, with what earlier ones have left.

    Raises as `source_at`, and OperatorFault for a rule that cannot be followed.
    """
    source = ruled(source_at(system, remote), system.collect, system.accounts, system.remotes)
    now = system.clock.now()
    pipelining = may_pipeline(state.pipelining_failed_at, now)
    return replace(
        source,
        server=replace(source.server, pipelining=pipelining),
        rules=hastened(source.rules, state.expire_days),
        day=Counts(*state.fetched_on(day_of(now))),
    )
