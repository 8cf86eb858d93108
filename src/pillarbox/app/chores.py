"""What is done from time to time while serving."""

import asyncio
from collections.abc import Awaitable, Callable


async def repeat(chore: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Do a chore now, and again so many seconds after it has ended, until cancelled."""
    while True:
        await chore()
        await asyncio.sleep(seconds)
