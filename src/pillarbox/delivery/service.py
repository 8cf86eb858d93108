"""The LMTP service: what a listener calls for each connection."""

import asyncio
from contextlib import suppress

from pillarbox.base.errors import PeerFault
from pillarbox.delivery.driver import Driver
from pillarbox.delivery.services import Services
from pillarbox.net.stream import Stream
from pillarbox.wire.lmtp import replies


class LmtpService:
    """Serves connections until it is drained."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._drivers: set[Driver] = set()

    async def serve(self, stream: Stream) -> None:
        """Serve one connection to its end."""
        if len(self._drivers) >= self._services.connections:
            await self._refuse(stream)
            return
        driver = Driver(stream, self._services)
        self._drivers.add(driver)
        try:
            await driver.run()
        finally:
            self._drivers.discard(driver)

    def drain(self) -> None:
        """Let sessions store what they have whole; those that only wait are told to come back."""
        for driver in self._drivers:
            driver.drain()

    async def _refuse(self, stream: Stream) -> None:
        journal = self._services.journal
        journal.note("connection.refused", peer=stream.peer, protocol="lmtp", why="limit")
        with suppress(PeerFault, TimeoutError):
            async with asyncio.timeout(self._services.timers.close):
                await stream.write(replies.TOO_MANY_CONNECTIONS)
                await stream.close()
        stream.abort()
