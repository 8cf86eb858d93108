"""A TCP or Unix connection as a stream, with bounded buffers both ways."""

import asyncio
import contextlib
import socket
from typing import cast

from pillarbox.base.errors import PeerFault
from pillarbox.net.stream import READ_OCTETS

UNIX = "unix"  # the peer's name where there is no address


class SocketStream(asyncio.BufferedProtocol):
    """The asyncio protocol is the stream: nothing stands between the transport and its reader."""

    def __init__(self, peer: str = "", most: int = READ_OCTETS) -> None:
        self.peer = peer  # empty: the socket knows
        self._most = most  # octets that are held unread
        self._transport: asyncio.Transport  # there from connection_made on
        self._error: Exception | None = None
        self._room = bytearray()  # what is held unread, and room for more
        self._held = 0
        self._is_ended = False
        self._is_lost = False
        self._is_reading_paused = False
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._closed = asyncio.Event()
        self._writable.set()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; small writes go out at once, not when the last one was seen."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=READ_OCTETS)
        self.peer = self.peer or _address(transport)
        connection = transport.get_extra_info("socket")
        if connection.family in {socket.AF_INET, socket.AF_INET6}:
            # asyncio does this only where the listening socket was made with a protocol number.
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get_buffer(self, _: int) -> memoryview:
        """Give room for what may still be held; what comes beyond it stays in the kernel."""
        self._room = self._room or bytearray(self._most)
        return memoryview(self._room)[self._held :]

    def buffer_updated(self, nbytes: int) -> None:
        """Hold what came in; stop the transport while there is no room."""
        self._held += nbytes
        self._readable.set()
        if self._held == self._most:
            self._is_reading_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Note the end; our side stays open for what is still to be said."""
        self._is_ended = True
        self._readable.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake everybody who waits."""
        self._is_lost = True
        self._error = exc
        for event in (self._readable, self._writable, self._closed):
            event.set()

    def pause_writing(self) -> None:
        """Make writers wait: the peer does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._writable.set()

    # The stream.

    @property
    def has_unread(self) -> bool:
        """Whether octets have come in that nobody has read."""
        return bool(self._held)

    @property
    def end_point(self) -> None:
        """Nothing: there is no TLS here."""

    async def read(self) -> bytes:
        """Return what has come in; nothing at the end of the stream. Raises PeerFault."""
        while not self._held and not self._is_ended:
            self._refuse_lost()
            self._readable.clear()
            await self._readable.wait()
        octets = self._taken()
        if self._is_reading_paused and not self._is_lost:
            self._is_reading_paused = False
            self._transport.resume_reading()
        return octets

    def _taken(self) -> bytes:
        octets = bytes(memoryview(self._room)[: self._held])
        self._held = 0
        if self._most <= READ_OCTETS:  # thousands of clients say little, and rarely
            self._room = bytearray()
        return octets

    async def write(self, octets: bytes) -> None:
        """Return once a bounded number of octets waits to be sent. Raises PeerFault."""
        self._refuse_lost()
        self._transport.write(octets)
        if not self._writable.is_set():
            await self._writable.wait()
            self._refuse_lost()

    async def close(self) -> None:
        """Send what is left, then close."""
        self._transport.close()
        await self._closed.wait()

    def abort(self) -> None:
        """Close at once; what is not sent yet is lost."""
        self._transport.abort()

    def _refuse_lost(self) -> None:
        if self._is_lost:
            raise PeerFault("The connection broke.") from self._error


def _address(transport: asyncio.BaseTransport) -> str:
    name = transport.get_extra_info("peername")
    return name[0] if isinstance(name, tuple) else UNIX
