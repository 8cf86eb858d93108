"""A session that is kept while we are at work elsewhere.

RFC 1939, section 3 lets a server end a session that says nothing for ten minutes; some wait for one
or two.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from pillarbox.client.faults import RefusedFault

IDLE_SECONDS = 45.0  # the most that we are silent


class Idle(Protocol):
    """A conversation in which nothing is under way."""

    async def noop(self) -> None:
        """Say something; raises PeerFault where the server is gone."""
        ...


@asynccontextmanager
async def kept_alive(conversation: Idle, seconds: float = IDLE_SECONDS) -> AsyncIterator[None]:
    """Say NOOP every so often while what is inside runs, which must not use the conversation.

    Raises PeerFault on leaving where the server has gone meanwhile.
    """
    done = asyncio.Event()
    speaking = asyncio.ensure_future(_speak(conversation, seconds, done))
    try:
        yield
    except BaseException:
        speaking.cancel()  # of no use any more: the caller leaves
        raise
    done.set()
    await speaking  # an answer that is under way is read: the next one belongs to another command


async def _speak(conversation: Idle, seconds: float, done: asyncio.Event) -> None:
    while not done.is_set():
        try:
            await asyncio.wait_for(done.wait(), seconds)
        except TimeoutError:
            with suppress(RefusedFault):  # heard, and that is all that was wanted
                await conversation.noop()
