"""The client's end of a connection: octets in and out, and TLS, each wait under a deadline.

What is sent is gathered into blocks of bounded size; the peer's slowness is ours.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from pillarbox.base.errors import Bug
from pillarbox.net.certificates import Certificates
from pillarbox.net.stream import READ_OCTETS, Stream
from pillarbox.net.tls import secure_as_server
from pillarbox.server.effects import Secured
from pillarbox.server.services import Timers

T = TypeVar("T")


class Peer:
    """One client. Before login one deadline holds for everything; `admitted` lifts it.

    Every wait raises TimeoutError where its deadline passes, and PeerFault where the connection
    breaks.
    """

    def __init__(self, stream: Stream, timers: Timers) -> None:
        self._stream = stream
        self._timers = timers
        self._unsent = bytearray()
        self._deadline = _now() + timers.pre_login
        self._is_admitted = False
        self._wait: asyncio.Timeout | None = None
        self._writing: asyncio.Timeout | None = None
        self._is_ended = False
        self.is_draining = False
        self.sent = 0  # octets, those that wait here included
        self.tls: str | None = None  # version and cipher suite

    @property
    def address(self) -> str:
        """Who it is, for the journal and for limits."""
        return self._stream.peer

    def admitted(self) -> None:
        """Note a login: from now on the autologout timer counts."""
        self._is_admitted = True

    def drain(self) -> None:
        """End the wait for the client, now or when it comes."""
        self.is_draining = True
        if self._wait is not None and not self._wait.expired():
            self._wait.reschedule(_now())

    def end(self) -> None:
        """End every wait for the client, now and from now on."""
        self._is_ended = True
        for wait in (self._wait, self._writing):
            if wait is not None and not wait.expired():
                wait.reschedule(_now())

    async def receive(self, *, has_acted: bool) -> bytes:
        """Return what has come in, nothing at the end of the stream, or of our service."""
        await self.flush()
        if has_acted and self._is_admitted:
            # RFC 1939, section 3: any command resets the timer; octets alone do not. It runs from
            # the end of the reply, so that a long download leaves all of it.
            self._deadline = _now() + self._timers.autologout
        try:
            return await self._wait_for(self._stream.read)
        except TimeoutError:
            if self._is_ended or not self.is_draining:
                raise
            return b""

    async def pause(self, seconds: float) -> None:
        """Let the client wait, as it would for a slow answer."""
        if seconds > 0:
            await self.flush()
            await self._wait_for(partial(asyncio.sleep, seconds))

    async def send(self, octets: bytes) -> None:
        """Return once the octets are on their way, with a bounded number of them still here."""
        self._unsent += octets
        self.sent += len(octets)
        if len(self._unsent) >= READ_OCTETS:
            await self.flush()

    async def flush(self) -> None:
        """Send what is left."""
        if self._unsent:
            octets = bytes(self._unsent)
            self._unsent.clear()
            await self._write(octets)

    async def start_tls(
        self, certificates: Certificates | None, ready: bytes, refusal: bytes
    ) -> Secured | None:
        """Say `ready` and secure the connection; None where octets came in behind the STLS."""
        if self._stream.has_unread:
            await self.send(refusal)
            return None
        await self.send(ready)
        await self.flush()
        return Secured(await self.secure(certificates))

    async def secure(self, certificates: Certificates | None) -> bytes | None:
        """Run the handshake; return the channel binding, where there is one."""
        if certificates is None:
            raise Bug("TLS was asked for where there is no certificate.")
        handshake = partial(secure_as_server, self._stream, certificates)
        # Octets that trickle in do not make it longer.
        async with asyncio.timeout(self._timers.handshake):
            secured = await self._wait_for(handshake)
        self._stream, self.tls = secured, secured.parameters
        return secured.end_point

    async def close(self) -> None:
        """Send what is left, and close."""
        await self.flush()
        async with asyncio.timeout(self._timers.close):
            await self._stream.close()

    def abort(self) -> None:
        """Close at once."""
        self._stream.abort()

    async def _write(self, octets: bytes) -> None:
        if self._is_ended:
            raise TimeoutError
        try:
            async with asyncio.timeout_at(self._write_deadline()) as self._writing:
                await self._stream.write(octets)
        finally:
            self._writing = None

    async def _wait_for(self, step: Callable[[], Awaitable[T]]) -> T:
        """Wait for the client, up to the deadline; a drain ends it."""
        if self.is_draining or self._is_ended:
            raise TimeoutError
        try:
            async with asyncio.timeout_at(self._deadline) as self._wait:
                return await step()
        finally:
            self._wait = None

    def _write_deadline(self) -> float:
        # A long reply has one for each block.
        return _now() + self._timers.autologout if self._is_admitted else self._deadline


def _now() -> float:
    return asyncio.get_running_loop().time()
