"""Connections through a proxy: who may send a PROXY header, and the wait for it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from pillarbox.base.errors import PeerFault
from pillarbox.journal.journal import Journal
from pillarbox.net.proxied import ProxiedStream
from pillarbox.net.stream import Stream
from pillarbox.server.trusted import Trusted
from pillarbox.wire.proxy.header import Header, Malformed
from pillarbox.wire.proxy.reader import HeaderReader

# A proxy says its header in the first segment. HAProxy's document, section 2, wants at least three
# seconds, for a segment that is lost and sent again.
HEADER_SECONDS = 5.0
AWAITED = 1_000  # connections without a header yet; each holds a descriptor and a few kilobytes


@dataclass(frozen=True, slots=True)
class ProxyRules:
    """Who is believed, how long a header may take, and how many are awaited at a time."""

    trusted: Trusted = field(default_factory=Trusted)
    seconds: float = HEADER_SECONDS
    awaited: int = AWAITED


class Proxies:
    """Takes connections from proxies, and refuses all that is not said as it must be."""

    def __init__(self, rules: ProxyRules, journal: Journal) -> None:
        self._rules = rules
        self._journal = journal
        self._waits: set[asyncio.Timeout] = set()

    async def receive(self, stream: Stream) -> ProxiedStream | None:
        """Return the connection behind its header; None where it was refused, and closed."""
        proxied, why = None, self._objection(stream.peer)
        try:
            if why is None:
                with suppress(PeerFault, TimeoutError):
                    proxied = await self._await_header(stream)
        finally:
            # Nothing is said: who sends no header is no proxy of ours, and TLS has not begun.
            if proxied is None:
                why = why or "no-header"
                self._journal.note("connection.refused", peer=stream.peer, why=why)
                stream.abort()
        return proxied

    def drain(self) -> None:
        """Wait no longer."""
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    async def _await_header(self, stream: Stream) -> ProxiedStream | None:
        async with asyncio.timeout(self._rules.seconds) as wait:
            self._waits.add(wait)
            try:
                return await _behind_header(stream)
            finally:
                self._waits.discard(wait)

    def _objection(self, peer: str) -> str | None:
        if not self._rules.trusted.holds(peer):
            return "not-trusted"
        return "limit" if len(self._waits) >= self._rules.awaited else None


async def _behind_header(stream: Stream) -> ProxiedStream | None:
    """Read a header; return what is behind it, None where there is none. Raises PeerFault."""
    reader = HeaderReader()
    found: Header | Malformed | None = None
    while found is None and (octets := await stream.read()):
        found = reader.feed(octets)
    if not isinstance(found, Header):
        return None
    peer = stream.peer if found.origin is None else found.origin.address
    return ProxiedStream(stream, peer, reader.rest)
