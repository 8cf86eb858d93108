"""A connection through a proxy: its start was read already, and its peer is not the proxy."""

from pillarbox.net.stream import READ_OCTETS, Stream


class ProxiedStream:
    """The rest of `inner`, from `peer`. Nobody else may use `inner` any more."""

    def __init__(self, inner: Stream, peer: str, unread: bytes) -> None:
        self.peer = peer
        self._inner = inner
        self._unread = unread  # at most one read of `inner`

    @property
    def has_unread(self) -> bool:
        """Whether octets have come in that nobody has read."""
        return bool(self._unread) or self._inner.has_unread

    @property
    def end_point(self) -> bytes | None:
        """What binds a login to the connection below."""
        return self._inner.end_point

    async def read(self) -> bytes:
        """Return what has come in; nothing at the end of the stream. Raises PeerFault."""
        if self._unread:
            octets, self._unread = self._unread[:READ_OCTETS], self._unread[READ_OCTETS:]
            return octets
        return await self._inner.read()

    async def write(self, octets: bytes) -> None:
        """Write to the connection below. Raises PeerFault."""
        await self._inner.write(octets)

    async def close(self) -> None:
        """Send what is left, then close."""
        await self._inner.close()

    def abort(self) -> None:
        """Close at once."""
        self._inner.abort()
