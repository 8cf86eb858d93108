"""The POP3 service: what a listener calls for each connection."""

from pillarbox.net.stream import Stream
from pillarbox.server.driver import Driver
from pillarbox.server.limits import Connections, Limits
from pillarbox.server.services import Services


class Pop3Service:
    """Serves connections until it is drained."""

    def __init__(self, services: Services, limits: Limits) -> None:
        self._services = services
        self._connections = Connections(limits)
        self._drivers: set[Driver] = set()

    async def serve(self, stream: Stream) -> None:
        """Serve a connection that starts in plaintext; STLS secures it."""
        await self._serve(stream, is_secure=False)

    async def serve_secure(self, stream: Stream) -> None:
        """Serve a connection that starts with a TLS handshake: RFC 8314, section 3."""
        await self._serve(stream, is_secure=True)

    def drain(self) -> None:
        """Let sessions end what they do; those that only wait end now."""
        for driver in self._drivers:
            driver.drain()

    async def _serve(self, stream: Stream, *, is_secure: bool) -> None:
        if not self._connections.enter(stream.peer):
            self._services.journal.note("connection.refused", peer=stream.peer, why="limit")
            stream.abort()
            return
        driver = Driver(stream, self._services, self._connections)
        self._drivers.add(driver)
        try:
            await driver.run(is_secure=is_secure)
        finally:
            self._drivers.discard(driver)
