"""A message's octets as they go out, without holding up other sessions."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from pillarbox.base.errors import StoreFault
from pillarbox.net.pool import Pool, PoolFullError
from pillarbox.server.effects import Transmit
from pillarbox.server.transmission import transmitted
from pillarbox.store.blobs.port import BlobReader

T = TypeVar("T")
TURN_CHUNKS = 16  # a client that reads fast gives nobody else a turn by itself


async def sent_chunks(
    effect: Transmit, reader: BlobReader, converting: Pool
) -> AsyncIterator[bytes]:
    """Yield what a Transmit sends behind its first line; raises StoreFault.

    A surrogate is made in a thread: somebody could send a header that is slow to make one of.
    """
    chunks = transmitted(effect, reader)
    if effect.as_surrogate:
        while (chunk := await _in_a_thread(chunks, converting)) is not None:
            yield chunk
        return
    for number, chunk in enumerate(chunks, start=1):
        yield chunk
        if number % TURN_CHUNKS == 0:
            await asyncio.sleep(0)


async def _in_a_thread(chunks: Iterator[bytes], converting: Pool) -> bytes | None:
    try:
        return await to_its_end(converting.start(_next, chunks))
    except PoolFullError as error:
        raise StoreFault(error.template, **error.fields) from error


def _next(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


async def to_its_end(work: "asyncio.Future[T]") -> T:
    """Return what blocking work returns; a cancelled session outlives it, and the lease does."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
