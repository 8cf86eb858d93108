"""Blocking work off the event loop, in a bounded number of threads with a bounded queue."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from pillarbox.base.errors import Fault

P = ParamSpec("P")
T = TypeVar("T")


class PoolFullError(Fault):
    """More work waits than the pool takes on."""

    retry = True


class Pool:
    """Runs blocking calls. A call that has begun always runs to its end."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self._count = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `work` returns; raises PoolFullError at once where too much waits."""
        return await asyncio.shield(self.start(work, *args, **kwargs))

    def start(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[T]":
        """Begin a call whose end the caller must see to; raises PoolFullError."""
        if self._count >= self._most:
            raise PoolFullError("Too much work waits.")
        self._count += 1
        future = asyncio.wrap_future(self._executor.submit(work, *args, **kwargs))
        future.add_done_callback(self._ended)
        return future

    def close(self) -> None:
        """Wait for what runs, and end the threads."""
        self._executor.shutdown()

    def _ended(self, future: "asyncio.Future[T]") -> None:
        self._count -= 1
        if not future.cancelled():
            future.exception()  # seen here, should the caller have gone away
