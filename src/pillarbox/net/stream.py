"""A stream of octets to a peer; the port that sockets, TLS and the network in memory implement."""

from typing import Protocol

READ_OCTETS = 65_536  # the most that one read of a client returns, and that is held unread
SERVER_READ_OCTETS = 524_288  # of a server: it sends whole mail, and we have few of them


class Stream(Protocol):
    """Octets both ways. One task reads and one task writes at a time."""

    @property
    def peer(self) -> str:
        """The other end's address, for people and for limits."""
        ...

    @property
    def has_unread(self) -> bool:
        """Whether octets have come in that nobody has read."""
        ...

    @property
    def end_point(self) -> bytes | None:
        """What binds a login to this connection: RFC 5929, section 4, `tls-server-end-point`.

        None without TLS, and where the server's certificate has no single hash.
        """
        ...

    async def read(self) -> bytes:
        """Return what has come in, at least one octet; nothing at the end of the stream.

        Raises PeerFault where the connection broke.
        """
        ...

    async def write(self, octets: bytes) -> None:
        """Return once the octets are on their way, with a bounded number of them still here.

        Raises PeerFault where the connection broke.
        """
        ...

    async def close(self) -> None:
        """Send what is left, then close. Never raises PeerFault."""
        ...

    def abort(self) -> None:
        """Close at once; what is not sent yet is lost."""
        ...
