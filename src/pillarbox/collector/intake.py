"""Messages from one session on their way to the disk, several at a time, in bounded memory.

While message k is made durable, message k + 1 comes in. Nothing is said of a message before it is
durable, with its ledger row.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from pillarbox.archive.keep import Archive, Filed, Origin
from pillarbox.collector.feed import Feed, FeedBroken
from pillarbox.collector.progress import Progress
from pillarbox.net.pool import Pool

AT_ONCE = 8  # messages that are being kept; their fsyncs and commits share the disk's work
PART_OCTETS = 262_144  # a message below that needs one hand-over to a thread


class Keepers:
    """The threads that keep messages, for all sessions of a process."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._pool = Pool("keep", AT_ONCE, 0)
        self._free = asyncio.Semaphore(AT_ONCE)

    async def wait(self) -> None:
        """Return once a thread is free, and reserve it."""
        await self._free.acquire()

    def give_back(self) -> None:
        """Give up a thread that was reserved and is not needed."""
        self._free.release()

    def start(self, feed: Feed, origin: Origin) -> "asyncio.Future[Filed]":
        """Keep a message in the thread that was reserved."""
        future = self._pool.start(self.archive.keep, feed, origin)
        future.add_done_callback(lambda _: self._free.release())
        return future

    def close(self) -> None:
        """End the threads."""
        self._pool.close()


class Intake:
    """What one session brings in; `filed` has what is durable, by number."""

    def __init__(self, keepers: Keepers, progress: Progress) -> None:
        self._keepers = keepers
        self._progress = progress
        self._under_way: set[asyncio.Future[Filed]] = set()
        self._fault: BaseException | None = None
        self.filed: dict[int, Filed] = {}

    @property
    def archive(self) -> Archive:
        """Where messages are kept."""
        return self._keepers.archive

    async def take(self, number: int, origin: Origin, chunks: AsyncIterator[bytes]) -> None:
        """Return once all octets have come in; what `chunks` raises leaves nothing of the message.

        Raises StoreFault where this or an earlier message cannot be kept.
        """
        await self._keepers.wait()
        arriving = _Arriving(lambda feed: self._start(feed, number, origin))
        try:
            self._refuse_fault()
            async for chunk in chunks:
                self._progress.received(len(chunk))
                await arriving.add(chunk)
            await arriving.finish()
        except BaseException:
            if not arriving.break_off():
                self._keepers.give_back()
            raise

    async def settle(self) -> None:
        """Return once all that was taken is durable; raises StoreFault where it is not."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        self._refuse_fault()

    async def abandon(self) -> None:
        """Return once no thread is at work for this session."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _start(self, feed: Feed, number: int, origin: Origin) -> None:
        future = self._keepers.start(feed, origin)
        self._under_way.add(future)
        future.add_done_callback(lambda future: self._ended(future, feed, number))

    def _ended(self, future: "asyncio.Future[Filed]", feed: Feed, number: int) -> None:
        self._under_way.discard(future)
        feed.let_go()
        fault = future.exception()
        if fault is None:
            self.filed[number] = future.result()
            self._progress.kept(future.result())
        elif not isinstance(fault, FeedBroken):
            self._fault = self._fault or fault

    def _refuse_fault(self) -> None:
        if self._fault is not None:
            raise self._fault


class _Arriving:
    """One message while it comes in; a thread starts on it at the first whole part, or the end."""

    def __init__(self, start: Callable[[Feed], None]) -> None:
        self._start = start
        self._feed = Feed()
        self._part = bytearray()
        self._is_started = False

    async def add(self, chunk: bytes) -> None:
        """Take the next octets; returns once there is room for more."""
        self._part += chunk
        if len(self._part) >= PART_OCTETS:
            await self._hand_over()

    async def finish(self) -> None:
        """Hand over the rest and the end."""
        if self._part or not self._is_started:
            await self._hand_over()
        self._feed.end()

    def break_off(self) -> bool:
        """Leave nothing of the message; return whether a thread was at work on it."""
        self._feed.break_off()
        return self._is_started

    async def _hand_over(self) -> None:
        part, self._part = bytes(self._part), bytearray()
        if part:
            await self._feed.put(part)
        if not self._is_started:
            self._start(self._feed)
            self._is_started = True
