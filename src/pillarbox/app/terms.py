"""What CAPA announces before login, kept at hand: no session waits for the database for it."""

from collections.abc import Callable

from pillarbox.app.chores import faults_noted
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from pillarbox.wire.pop3.capa import Terms


class AnnouncedTerms:
    """The terms as they were read last; `read` blocks, and raises StoreFault."""

    def __init__(self, read: Callable[[], Terms], disk: Pool, journal: Journal) -> None:
        self._read = read
        self._disk = disk
        self._journal = journal
        self._terms = read()  # before there is any session

    def __call__(self) -> Terms:
        """Return them at once."""
        return self._terms

    async def refresh(self) -> None:
        """Read them again; a fault goes into the journal, and what was read before holds on."""
        with faults_noted(self._journal, "terms.unread"):
            self._terms = await self._disk.run(self._read)
