"""The POP3 service, and that of POP1 and POP2: what a listener calls for each connection."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from pillarbox.base.errors import PeerFault
from pillarbox.base.names import Ended
from pillarbox.net.stream import Stream
from pillarbox.server.chance import new_nonce, new_timestamp
from pillarbox.server.channel import Channel, allows_logins
from pillarbox.server.driver import Begin, Driver
from pillarbox.server.effects import Effects, Watch, unwatched
from pillarbox.server.limits import Connections, Limits
from pillarbox.server.pop1 import Pop1Session
from pillarbox.server.pop2 import Pop2Session
from pillarbox.server.proxied import Proxies, ProxyRules
from pillarbox.server.services import Services
from pillarbox.server.session import Session
from pillarbox.server.site import Site
from pillarbox.wire.pop3.replies import Code, err

TOO_MANY = err("Too many connections.", Code.SYS_TEMP)  # RFC 3206, section 4: it passes


def begin_pop3(
    site: Site,
    end_point: bytes | None,
    watch: Watch = unwatched,
    *,
    is_secure: bool = False,
    offers_stls: bool = False,
) -> Effects:
    """Return a new session. A timestamp in its greeting is a promise that APOP is taken."""
    channel = Channel(is_secure=is_secure, offers_stls=offers_stls, end_point=end_point)
    if site.apop and allows_logins(channel, site):
        channel = replace(channel, timestamp=new_timestamp(site.hostname))
    return Session(site, channel, new_nonce, watch).run()


class Pop3Service:
    """Serves connections until it is drained."""

    def __init__(self, services: Services, limits: Limits, rules: ProxyRules | None = None) -> None:
        self._services = services
        self._connections = Connections(limits)
        self._proxies = Proxies(rules or ProxyRules(), services.journal)
        self._drivers: set[Driver] = set()

    async def serve(self, stream: Stream) -> None:
        """Serve a connection that starts in plaintext; STLS secures it."""
        await self._serve(stream, self._begin)

    async def serve_secure(self, stream: Stream) -> None:
        """Serve a connection that starts with a TLS handshake: RFC 8314, section 3."""
        await self._serve(stream, self._begin_secure, is_secure=True)

    async def serve_proxied(self, stream: Stream) -> None:
        """Serve a connection that starts with a PROXY header; the TLS handshake is behind it."""
        proxied = await self._proxies.receive(stream)
        if proxied is not None:
            await self._serve(proxied, self._begin_secure, is_secure=True)

    async def serve_pop2(self, stream: Stream) -> None:
        """Serve RFC 937, which knows no TLS."""
        await self._serve(
            stream,
            lambda _, watch: Pop2Session(self._services.site.hostname, watch).run(),
            protocol="pop2",
        )

    async def serve_pop1(self, stream: Stream) -> None:
        """Serve RFC 918, which knows no TLS."""
        await self._serve(stream, lambda _, watch: Pop1Session(watch).run(), protocol="pop1")

    def drain(self) -> None:
        """Let sessions end what they do; those that only wait end now."""
        self._proxies.drain()
        for driver in self._drivers:
            driver.drain()

    def end(self, ended: Ended) -> None:
        """End the sessions that are meant, at once."""
        for driver in list(self._drivers):
            driver.end(ended)

    def _begin(self, end_point: bytes | None, watch: Watch) -> Effects:
        return begin_pop3(self._services.site, end_point, watch, offers_stls=self._offers_stls)

    def _begin_secure(self, end_point: bytes | None, watch: Watch) -> Effects:
        return begin_pop3(self._services.site, end_point, watch, is_secure=True)

    @property
    def _offers_stls(self) -> bool:
        return self._services.tls is not None

    async def _serve(
        self, stream: Stream, begin: Begin, *, is_secure: bool = False, protocol: str = "pop3"
    ) -> None:
        if not self._connections.enter(stream.peer):
            await self._refuse(stream, is_secure=is_secure)
            return
        driver = Driver(stream, self._services, self._connections, protocol)
        self._drivers.add(driver)
        try:
            await driver.run(begin, is_secure=is_secure)
        finally:
            self._drivers.discard(driver)

    async def _refuse(self, stream: Stream, *, is_secure: bool) -> None:
        self._services.journal.note("connection.refused", peer=stream.peer, why="limit")
        # Where TLS comes first, a word would cost a handshake: the dearest thing that there is.
        if not is_secure:
            with suppress(PeerFault, TimeoutError):
                async with asyncio.timeout(self._services.timers.close):
                    await stream.write(TOO_MANY)
                    await stream.close()
        stream.abort()
