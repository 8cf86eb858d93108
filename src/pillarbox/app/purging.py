"""What was removed long ago goes for good, from time to time while serving."""

from typing import Protocol

from pillarbox.app.chores import faults_noted
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from pillarbox.store.purge import Purged


class Purges(Protocol):
    """Lets go what can be brought back no more."""

    def run(self) -> Purged:
        """Do it now; raises StoreFault."""
        ...


class Purging:
    """The chore."""

    def __init__(self, purge: Purges, disk: Pool, journal: Journal) -> None:
        self._purge = purge
        self._disk = disk
        self._journal = journal

    async def run(self) -> None:
        """Do it once; a fault goes into the journal, and the next time may do better."""
        with faults_noted(self._journal, "purge.failed"):
            purged = await self._disk.run(self._purge.run)
            if purged != Purged(0, 0):
                self._journal.note("messages.purged", count=purged.messages, blobs=purged.blobs)
