"""The end of a whole run: what was set, or what follows from what the server has; or a stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pillarbox.base.errors import Fault
from pillarbox.collector.manners import FLOOR_SECONDS, StoppedFault, deadline_seconds
from pillarbox.net.deadline import TooSlowFault


class Deadline:
    """Counts from when it is made; `seconds` None: as long as what is found may take."""

    def __init__(self, seconds: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._is_set = seconds is not None
        self._seconds = FLOOR_SECONDS if seconds is None else seconds
        self._limit: asyncio.Timeout | None = None
        self._is_stopped = False

    @asynccontextmanager
    async def bound(self) -> AsyncIterator[None]:
        """End what is done inside at the deadline; raises TooSlowFault then, or StoppedFault."""
        limit = self._limit = asyncio.timeout_at(self._ends_at())
        try:
            async with limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise self._fault() from None
        finally:
            self._limit = None

    def found(self, listed: int, octets: int) -> None:
        """Take into account how many messages are there, and how much is to be fetched."""
        if not self._is_set:
            self._seconds = deadline_seconds(listed, octets)
            self._move()

    def stop(self) -> None:
        """Let it be now."""
        self._is_stopped = True
        self._move()

    def _ends_at(self) -> float:
        return self._loop.time() if self._is_stopped else self._began + self._seconds

    def _move(self) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(self._ends_at())

    def _fault(self) -> Fault:
        if self._is_stopped:
            return StoppedFault("We were told to stop before all was collected.")
        return TooSlowFault("No answer within {seconds:g} seconds.", seconds=self._seconds)
