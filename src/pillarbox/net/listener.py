"""Listeners: addresses as the configuration writes them, and a task for each connection."""

import asyncio
import contextlib
import re
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from pillarbox.base.errors import OperatorFault
from pillarbox.net.socket_stream import SocketStream

LAST_PORT = 65_535  # RFC 9293, section 3.1: 16 bits
BACKLOG = 1024  # a burst of clients waits here and is not refused

# RFC 3986, section 3.2.2: an IPv6 address stands in brackets, so that its colons are no port's.
ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s:\[\]]+)):(?P<port>[0-9]{1,5})"
)

Serve = Callable[[SocketStream], Awaitable[None]]


class Listener:
    """One address that is listened on; a task of `serve` for each connection."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.addresses: list[list[str | int]] = []

    async def start(self, address: str) -> None:
        """Listen on "host:port" or "unix:path"; port 0 takes any. Raises OperatorFault."""
        loop = asyncio.get_running_loop()
        try:
            if address.startswith("unix:"):
                path = address.removeprefix("unix:")
                self._server = await loop.create_unix_server(
                    self._stream, sock=_bind(Path(path)), backlog=BACKLOG
                )
            else:
                host, port = split_address(address)
                self._server = await loop.create_server(
                    self._stream, host, port, backlog=BACKLOG, reuse_address=True
                )
        except (OSError, UnicodeError) as error:  # UnicodeError: no name of a host
            why = getattr(error, "strerror", None) or error
            raise OperatorFault(
                "Cannot listen on {address}: {why}.", address=address, why=why
            ) from error
        self.addresses = [_name(sock) for sock in self._server.sockets]

    def stop(self) -> None:
        """Take no more connections; those that are there go on."""
        if self._server is not None:
            self._server.close()

    async def wait(self, seconds: float) -> None:
        """Wait for the connections to end; those that have not by then are cancelled."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _stream(self) -> SocketStream:
        return SocketStream(self._connected)

    def _connected(self, stream: SocketStream) -> None:
        task = asyncio.ensure_future(self._serve(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of "host:port" or "[v6]:port"; raises OperatorFault."""
    found = ADDRESS.fullmatch(address)
    if found is None or int(found["port"]) > LAST_PORT:
        raise OperatorFault("{address} is not host:port.", address=address)
    return found["v6"] or found["host"], int(found["port"])


def _name(sock: "socket.socket") -> list[str | int]:
    name = sock.getsockname()
    return [name] if isinstance(name, str) else list(name[:2])


def _bind(path: Path) -> socket.socket:
    """Return a socket with this name; asyncio itself would take the name from a living one."""
    _remove_stale_socket(path)
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.bind(str(path))
    except OSError:
        sock.close()
        raise
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
