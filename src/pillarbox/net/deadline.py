"""Deadlines: every wait for a peer ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pillarbox.base.errors import PeerFault


class TooSlowFault(PeerFault):
    """The peer did not do in time what was waited for."""


@asynccontextmanager
async def within(seconds: float | None) -> AsyncIterator[None]:
    """End what is done inside after so many seconds (None: never); raises TooSlowFault then."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise TooSlowFault("No answer within {seconds:g} seconds.", seconds=seconds) from None
