"""What collecting while serving writes into the journal."""

from pillarbox.accounts.remotes import Remote
from pillarbox.app.watcher import Ended
from pillarbox.archive.remote_states import Stale
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import Fault
from pillarbox.collector.manners import FOR_EVER, StoppedFault
from pillarbox.collector.progress import Progress, Silent
from pillarbox.journal.journal import Journal


class Noted:
    """Notes what a session brought or why it failed; one that found nothing new is no event."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def begins(self, remote: Remote) -> Progress:
        """Watch nothing of it."""
        del remote
        return Silent()

    def ended(self, ended: Ended) -> None:
        """Note what came of it."""
        result, name = ended.result, ended.remote.name
        if result.collected or result.known or result.removed:
            self._journal.note(
                "remote.collected",
                remote=name,
                count=result.collected,
                octets=result.octets,
                removed=result.removed,
            )
        if result.vanished:
            self._journal.note("remote.vanished", remote=name, count=result.vanished)
        if ended.expires_days is not None:
            self._journal.note("remote.expires", remote=name, days=ended.expires_days)
        if result.fault is not None and not isinstance(result.fault, StoppedFault):
            self._journal.note(
                "remote.failed",
                remote=name,
                outcome=result.outcome.name.lower(),
                why=result.fault,
                until=_until(ended),
            )

    def stale(self, stale: Stale) -> None:
        """Note that nothing has been collected for too long."""
        self._journal.note("remote.stale", remote=stale.name, since=shown_time(stale.since))

    def failed(self, fault: Fault) -> None:
        """Note that the remotes could not be read."""
        self._journal.note("remotes.unread", why=fault)


def _until(ended: Ended) -> str:
    next_at = ended.state.next_at
    return "changed" if next_at >= FOR_EVER else shown_time(next_at)
