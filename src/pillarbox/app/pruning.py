"""Old records of sessions are forgotten from time to time while serving."""

from typing import Protocol

from pillarbox.app.chores import faults_noted
from pillarbox.base.clock import Clock
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool


class Forgets(Protocol):
    """Forgets old records of sessions."""

    def prune(self, now: int, days: int) -> int:
        """Forget what is older than so many days (0: nothing). Raises StoreFault."""
        ...


class Pruning:
    """Forgets them as the policy says."""

    def __init__(
        self, sessions: Forgets, clock: Clock, days: int, disk: Pool, journal: Journal
    ) -> None:
        self._sessions = sessions
        self._clock = clock
        self._days = days
        self._disk = disk
        self._journal = journal

    async def run(self) -> None:
        """Do it once; a fault goes into the journal, and the next time may do better."""
        with faults_noted(self._journal, "sessions.unpruned"):
            await self._disk.run(self._sessions.prune, int(self._clock.now()), self._days)
