"""Listeners: addresses as the configuration writes them, and a task for each connection."""

import asyncio
import contextlib
import errno
import re
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from pillarbox.base.errors import OperatorFault
from pillarbox.net.socket_stream import UNIX, SocketStream

LAST_PORT = 65_535  # RFC 9293, section 3.1: 16 bits
BACKLOG = 1024  # a burst of clients waits here and is not refused

# RFC 3986, section 3.2.2: an IPv6 address stands in brackets, so that its colons are no port's.
ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s:\[\]]+)):(?P<port>[0-9]{1,5})"
)

# accept(2): nothing is wrong with the connection, which waits on; it is we who have no room.
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
REST_SECONDS = 1.0  # until a connection that found no room is looked at again
AT_ONCE = 64  # connections taken in one turn of the loop, so that those who are there have theirs

Serve = Callable[[SocketStream], Awaitable[None]]
Exhausted = Callable[[OSError], None]


def unnoticed(_: OSError) -> None:
    """Tell nobody that there is no room."""


class Listener:
    """One address that is listened on; a task of `serve` for each connection.

    `exhausted` is told, at most once in REST_SECONDS, that a connection finds no descriptor or no
    memory. The connection waits, and those that are there go on.
    """

    def __init__(self, serve: Serve, exhausted: Exhausted = unnoticed) -> None:
        self._serve = serve
        self._exhausted = exhausted
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: list[socket.socket] = []
        self.addresses: list[list[str | int]] = []

    async def start(self, address: str) -> None:
        """Listen on "host:port" or "unix:path"; port 0 takes any. Raises OperatorFault."""
        try:
            self._sockets = await _bound(address)
        except (OSError, UnicodeError) as error:  # UnicodeError: no name of a host
            why = getattr(error, "strerror", None) or error
            raise OperatorFault(
                "Cannot listen on {address}: {why}.", address=address, why=why
            ) from error
        self.addresses = [_name(sock) for sock in self._sockets]
        for sock in self._sockets:
            self._listen(sock)

    def stop(self) -> None:
        """Take no more connections; those that are there go on."""
        for sock in self._sockets:
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()
        self._sockets.clear()

    async def wait(self, seconds: float) -> None:
        """Wait for the connections to end; those that have not by then are cancelled."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _listen(self, sock: socket.socket) -> None:
        if sock in self._sockets:  # not stopped meanwhile
            asyncio.get_running_loop().add_reader(sock, self._accept, sock)

    def _accept(self, sock: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, address = sock.accept()
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._rest(sock, error)
                return
            task = asyncio.ensure_future(self._connected(connection, _peer(address)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _rest(self, sock: socket.socket, error: OSError) -> None:
        # The socket stays readable: whoever goes on looking at it does nothing else.
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock)
        loop.call_later(REST_SECONDS, self._listen, sock)
        self._exhausted(error)

    async def _connected(self, connection: socket.socket, peer: str) -> None:
        loop = asyncio.get_running_loop()
        connection.settimeout(0)
        _, stream = await loop.connect_accepted_socket(partial(SocketStream, peer), connection)
        await self._serve(stream)


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of "host:port" or "[v6]:port"; raises OperatorFault."""
    found = ADDRESS.fullmatch(address)
    if found is None or int(found["port"]) > LAST_PORT:
        raise OperatorFault("{address} is not host:port.", address=address)
    return found["v6"] or found["host"], int(found["port"])


def _name(sock: "socket.socket") -> list[str | int]:
    name = sock.getsockname()
    return [name] if isinstance(name, str) else list(name[:2])


def _peer(address: object) -> str:
    """Return who accept(2) said it is: it knows also where the peer is gone by now."""
    return str(address[0]) if isinstance(address, tuple) else UNIX


async def _bound(address: str) -> list[socket.socket]:
    """Return sockets that listen on an address, one for each address that a name has."""
    if address.startswith("unix:"):
        path = Path(address.removeprefix("unix:"))
        _remove_stale_socket(path)
        return [_bind(socket.AF_UNIX, str(path))]
    host, port = split_address(address)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    try:
        bound.extend(_bind(family, name) for family, _, _, _, name in dict.fromkeys(found))
    except OSError:
        for sock in bound:
            sock.close()
        raise
    return bound


def _bind(family: socket.AddressFamily, name: tuple[Any, ...] | str) -> socket.socket:
    """Return a socket that listens under this name; asyncio would take a path from a living one."""
    sock = socket.socket(family)
    try:
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # the IPv4 address of the same port is another's
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(name)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    sock.settimeout(0)
    return sock


def _remove_stale_socket(path: Path) -> None:
    """Remove a socket that nobody listens on any more; a living one makes the bind fail."""
    if not path.is_socket():
        return  # a file refuses connections too, and is not ours to remove
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return
