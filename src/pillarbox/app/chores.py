"""What is done from time to time while serving."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from pillarbox.accounts.auth_cache import AuthCache
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import Ended
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool, PoolFullError
from pillarbox.server.services import Endings
from pillarbox.store.views.leaving import Why

Chore = Callable[[], Awaitable[None]]


class Retires(Protocol):
    """Takes out of the maildrops what no device is to be shown any more."""

    def retire(self) -> Mapping[Why, int]:
        """Do it; return how many messages that were, by why. Raises StoreFault."""
        ...


@asynccontextmanager
async def doing(*chores: tuple[Chore, float]) -> AsyncIterator[None]:
    """Do each chore now, and again so many seconds after it has ended, while the block runs."""
    tasks = [asyncio.create_task(_repeat(chore, seconds)) for chore, seconds in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended  # a chore that died of a mistake of ours is seen, if late


async def _repeat(chore: Chore, seconds: float) -> None:
    while True:
        await chore()
        await asyncio.sleep(seconds)


@contextmanager
def faults_noted(journal: Journal, event: str) -> Iterator[None]:
    """Let a fault of the database be an event; the next time may do better."""
    try:
        yield
    except (PoolFullError, StoreFault) as fault:
        journal.note(event, why=fault)


class Retirement:
    """Takes out of the maildrops what is old, what all devices have, and what none waits for."""

    def __init__(self, retention: Retires, disk: Pool, journal: Journal) -> None:
        self._retention = retention
        self._disk = disk
        self._journal = journal

    async def run(self) -> None:
        """Do it once; a fault goes into the journal, and the next time may do better."""
        with faults_noted(self._journal, "retention.failed"):
            counts = await self._disk.run(self._retention.retire)
            for why, count in counts.items():
                self._journal.note("messages.retired", why=why, count=count)


class QuotaWatch:
    """Tells of maildrops that are nearly full though nothing new came."""

    def __init__(self, look: Callable[[], None], disk: Pool, journal: Journal) -> None:
        self._look = look
        self._disk = disk
        self._journal = journal

    async def look(self) -> None:
        """Look once; a fault goes into the journal, and the next look may do better."""
        with faults_noted(self._journal, "quotas.unread"):
            await self._disk.run(self._look)


class EndingWatch:
    """Hears whose sessions are to end, whichever process ends them."""

    def __init__(
        self, endings: Endings, end: Callable[[Ended], None], disk: Pool, journal: Journal
    ) -> None:
        self._endings = endings
        self._end = end
        self._disk = disk
        self._journal = journal
        self._mark = endings.mark()  # before there is any session

    async def look(self) -> None:
        """End what is to end by now; a fault goes into the journal, and the next look may help."""
        with faults_noted(self._journal, "endings.unread"):
            for ended in await self._disk.run(self._endings.since, self._mark):
                self._mark = ended.number
                self._end(ended)


class Sweeping:
    """Forgets what the throttle and the cache of passwords need no more."""

    def __init__(self, throttle: Throttle, cache: AuthCache, disk: Pool, journal: Journal) -> None:
        self._throttle = throttle
        self._cache = cache
        self._disk = disk
        self._journal = journal

    async def run(self) -> None:
        """Do it once; a fault goes into the journal, and the next time may do better."""
        self._cache.drop_old()
        with faults_noted(self._journal, "throttle.unswept"):
            await self._disk.run(self._throttle.sweep)
