"""Connections to a server: the one place that opens them."""

import asyncio
import socket
from functools import partial

from pillarbox.base.errors import PeerFault
from pillarbox.net.deadline import within
from pillarbox.net.socket_stream import SocketStream
from pillarbox.net.stream import SERVER_READ_OCTETS

NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305, section 8: wait so long for one address, then try the next


class ConnectFault(PeerFault):
    """No address of the server took the connection, or the name has no address."""


async def connect(host: str, port: int, seconds: float) -> SocketStream:
    """Return a TCP connection; raises ConnectFault, and TooSlowFault after so many seconds."""
    loop = asyncio.get_running_loop()
    try:
        async with within(seconds):
            _, stream = await loop.create_connection(
                partial(SocketStream, most=SERVER_READ_OCTETS),
                host,
                port,
                happy_eyeballs_delay=NEXT_ADDRESS_SECONDS,
            )
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no DNS label can hold
        raise _no_connection(host, port, error) from error
    return stream


async def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Return a name's addresses; raises ConnectFault, and TooSlowFault after so many seconds."""
    loop = asyncio.get_running_loop()
    try:
        async with within(seconds):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _no_connection(host, port, error) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _no_connection(host: str, port: int, error: Exception) -> ConnectFault:
    return ConnectFault(
        "Cannot connect to {host}, port {port}: {why}.",
        host=host,
        port=port,
        why=getattr(error, "strerror", None) or error,
    )
