"""A network in memory: two streams, back to back, with the same bounds as real ones."""

import asyncio

from pillarbox.base.errors import PeerFault
from pillarbox.net.stream import READ_OCTETS


class _Pipe:
    """Octets one way; the writer waits while the reader has too many."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self.is_ended = False
        self.is_broken = False
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """Wake whoever waits for a change."""
        self._moved.set()

    async def until_moved(self) -> None:
        """Wait for the next change."""
        self._moved.clear()
        await self._moved.wait()


class MemoryStream:
    """One end of a connection in memory."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe, peer: str) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self.peer = peer

    @property
    def has_unread(self) -> bool:
        """Whether octets have come in that nobody has read."""
        return bool(self._incoming.octets)

    @property
    def end_point(self) -> None:
        """Nothing: there is no TLS here."""

    async def read(self) -> bytes:
        """Return what has come in; nothing at the end. Raises PeerFault."""
        pipe = self._incoming
        while not pipe.octets and not pipe.is_ended:
            self._refuse_broken(pipe)
            await pipe.until_moved()
        octets = bytes(pipe.octets[:READ_OCTETS])
        del pipe.octets[:READ_OCTETS]
        pipe.moved()
        return octets

    async def write(self, octets: bytes) -> None:
        """Return once a bounded number of octets waits for the reader. Raises PeerFault."""
        pipe = self._outgoing
        self._refuse_broken(pipe)
        pipe.octets += octets
        pipe.moved()
        while len(pipe.octets) > READ_OCTETS:
            await pipe.until_moved()
            self._refuse_broken(pipe)

    async def close(self) -> None:
        """End the stream; the peer reads what is left and then nothing."""
        self._outgoing.is_ended = True
        self._outgoing.moved()
        self._incoming.is_broken = True  # who writes to a closed end learns it
        self._incoming.moved()

    def abort(self) -> None:
        """Break the connection both ways."""
        for pipe in (self._incoming, self._outgoing):
            pipe.is_broken = True
            pipe.moved()

    @staticmethod
    def _refuse_broken(pipe: _Pipe) -> None:
        if pipe.is_broken:
            raise PeerFault("The connection broke.")


def memory_pair(
    peers: tuple[str, str] = ("192.0.2.1", "192.0.2.2"),
) -> tuple[MemoryStream, MemoryStream]:
    """Return the two ends of a new connection; `peers` are the addresses that each end sees."""
    there, back = _Pipe(), _Pipe()
    return MemoryStream(there, back, peers[0]), MemoryStream(back, there, peers[1])
