"""Who is told of what happens while collecting, and of what."""

from dataclasses import dataclass
from typing import Protocol

from pillarbox.accounts.remotes import Remote
from pillarbox.archive.remote_states import RemoteState, Stale
from pillarbox.base.errors import Fault
from pillarbox.collector.outcome import Result
from pillarbox.collector.progress import Progress


@dataclass(frozen=True, slots=True)
class Ended:
    """One remote, and what came of it; `state` is how it stands now.

    After `expires_days` the server removes mail, which is news, and earlier than was asked for.
    """

    remote: Remote
    result: Result
    state: RemoteState
    expires_days: int | None = None


class Watcher(Protocol):
    """Who is told of sessions; called on the event loop, so it must not wait."""

    def begins(self, remote: Remote) -> Progress:
        """Hear that a session begins; return what is told of it from then on."""
        ...

    def ended(self, ended: Ended) -> None:
        """Hear what came of it."""
        ...

    def stale(self, stale: Stale) -> None:
        """Hear that nothing has been collected for too long, of which an alert tells."""
        ...

    def failed(self, fault: Fault) -> None:
        """Hear that the remotes cannot be read; the next look may do better."""
        ...
