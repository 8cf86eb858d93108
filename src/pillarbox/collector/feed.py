"""One message's octets on their way from the event loop to the thread that keeps it."""

import asyncio
from collections.abc import Iterator, Sequence
from queue import SimpleQueue

from pillarbox.base.errors import Fault

PARTS = 4  # that wait for the thread: while it writes one, others come in


class FeedBroken(Fault):
    """The rest of the message will not come."""


class Feed:
    """Put on the event loop, iterated in one thread, with a bounded number of parts between."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(PARTS)
        self._parts: SimpleQueue[Sequence[bytes] | FeedBroken] = SimpleQueue()
        self._is_alone = False

    async def put(self, part: Sequence[bytes]) -> None:
        """Return once there is room for the next part, which must not be empty."""
        await self._room.acquire()
        if self._is_alone:
            self._room.release()
        else:
            self._parts.put(part)

    def end(self) -> None:
        """Say that the message is whole."""
        self._parts.put(())

    def break_off(self) -> None:
        """Say that it never will be: the iteration raises FeedBroken."""
        self._parts.put(FeedBroken("The message was broken off."))

    def let_go(self) -> None:
        """Nobody iterates any more: let whoever puts go on, to nobody."""
        self._is_alone = True
        self._room.release()

    def __iter__(self) -> Iterator[bytes]:
        while part := self._parts.get():
            if isinstance(part, FeedBroken):
                raise part
            self._loop.call_soon_threadsafe(self._room.release)
            yield b"".join(part)  # here, not where the next octets are waited for
