"""Messages from one session on their way to the disk, several at a time, in bounded memory.

While message k is made durable, message k + 1 comes in. Small messages wait for one another, and
become durable together; a large one goes to a thread of its own in parts. Nothing is said of a
message before it is durable, with its ledger row.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from pillarbox.archive.keep import Archive, Filed, Origin
from pillarbox.base.errors import Fault
from pillarbox.collector.feed import Feed, FeedBroken
from pillarbox.collector.progress import Progress
from pillarbox.net.pool import Pool
from pillarbox.store.blobs.port import SHARED_BLOBS

BATCHES = 4  # of small messages that are kept at once, for one session
BATCH_FIRST = 16  # so many wait before there is one more
WAITING_OCTETS = 2_097_152  # of small messages that wait to be kept together
AT_ONCE = 8  # messages that are being kept; their fsyncs and commits share the disk's work
SMALL_OCTETS = 262_144  # a message below that is small
PART_OCTETS = 524_288  # of a large one, which goes to its thread at once: fewer turns for both


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

    def start_all(self, small: Sequence["Small"]) -> "asyncio.Future[list[Filed | Fault]]":
        """Keep whole messages in the thread that was reserved; say what came of each."""
        future = self._pool.start(keep_all, self.archive, small)
        future.add_done_callback(lambda _: self._free.release())
        return future

    def close(self) -> None:
        """End the threads."""
        self._pool.close()


@dataclass(frozen=True, slots=True)
class Small:
    """A whole message that waits to be kept."""

    number: int
    origin: Origin
    octets: bytes


def keep_all(archive: Archive, small: Sequence["Small"]) -> list[Filed | Fault]:
    """Keep messages together; where that fails, each alone, so that one harms no other."""
    try:
        return list(archive.keep_all([(each.octets, each.origin) for each in small]))
    except Fault:
        return [_keep_one(archive, each) for each in small]


def _keep_one(archive: Archive, small: Small) -> Filed | Fault:
    try:
        return archive.keep([small.octets], small.origin)
    except Fault as fault:
        return fault


class Intake:
    """What one session brings in; `filed` has what is durable, by number."""

    def __init__(self, keepers: Keepers, progress: Progress) -> None:
        self._keepers = keepers
        self._progress = progress
        self._under_way: set[asyncio.Future[Filed] | asyncio.Task[None]] = set()
        self._small: deque[Small] = deque()
        self._small_octets = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._batches = 0
        self._fault: BaseException | None = None
        self.filed: dict[int, Filed] = {}
        self.asked: dict[int, int | None] = {}  # the octets that were listed, in the order taken

    @property
    def archive(self) -> Archive:
        """Where messages are kept."""
        return self._keepers.archive

    async def take(self, number: int, origin: Origin, chunks: AsyncIterator[bytes]) -> None:
        """Return once all octets have come in; what `chunks` raises leaves nothing of the message.

        Raises StoreFault where this or an earlier message cannot be kept.
        """
        self.asked[number] = origin.octets
        await self._has_room.wait()
        self._refuse_fault()
        first: list[bytes] = []
        octets = 0
        async for chunk in chunks:
            self._progress.received(len(chunk))
            first.append(chunk)
            octets += len(chunk)
            if octets >= SMALL_OCTETS:
                await self._take_large(number, origin, first, chunks)
                return
        self._take_small(Small(number, origin, b"".join(first)))

    async def _take_large(
        self, number: int, origin: Origin, first: Iterable[bytes], chunks: AsyncIterator[bytes]
    ) -> None:
        await self._keepers.wait()
        arriving = _Arriving(lambda feed: self._start(feed, number, origin))
        try:
            for chunk in first:
                await arriving.add(chunk)
            async for chunk in chunks:
                self._progress.received(len(chunk))
                await arriving.add(chunk)
            await arriving.finish()
        except BaseException:
            if not arriving.break_off():
                self._keepers.give_back()
            raise

    def _take_small(self, small: Small) -> None:
        self._small.append(small)
        self._small_octets += len(small.octets)
        if self._small_octets >= WAITING_OCTETS:
            self._has_room.clear()
        # One at least; more where the disk is slow: what waits on several at once waits for less.
        if not self._batches or (self._batches < BATCHES and len(self._small) >= BATCH_FIRST):
            self._batches += 1
            task = asyncio.ensure_future(self._keep_small())
            self._under_way.add(task)
            task.add_done_callback(self._kept_small)

    async def _keep_small(self) -> None:
        """Keep what waits, and what comes meanwhile: the slower the disk, the more at once."""
        try:
            while self._small:
                await self._keep_batch()
        finally:
            self._batches -= 1  # here, where no message can come behind the last look

    async def _keep_batch(self) -> None:
        await self._keepers.wait()
        batch = [self._small.popleft() for _ in range(min(len(self._small), SHARED_BLOBS))]
        if not batch:
            self._keepers.give_back()
            return
        kept = await self._keepers.start_all(batch)
        self._small_octets -= sum(len(small.octets) for small in batch)
        if self._small_octets < WAITING_OCTETS:
            self._has_room.set()
        for small, filed in zip(batch, kept, strict=True):
            self._note(small.number, filed)

    def _kept_small(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._has_room.set()
        if not task.cancelled():
            self._fault = self._fault or task.exception()

    def _note(self, number: int, filed: Filed | Fault) -> None:
        if isinstance(filed, Fault):
            self._fault = self._fault or filed
        else:
            self.filed[number] = filed
            self._progress.kept(filed)

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
            self._note(number, future.result())
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
        self._part: list[bytes] = []
        self._octets = 0  # of that
        self._is_started = False

    async def add(self, chunk: bytes) -> None:
        """Take the next octets; returns once there is room for more."""
        self._part.append(chunk)
        self._octets += len(chunk)
        if self._octets >= PART_OCTETS:
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
        part, self._part, self._octets = self._part, [], 0
        if part:
            await self._feed.put(part)
        if not self._is_started:
            self._start(self._feed)
            self._is_started = True
