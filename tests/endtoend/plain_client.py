"""A POP3 client that does just what it is told, with Python's ssl under it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.endtoend.post_office import ACCOUNT, PASSWORD

DEADLINE = 30.0


class PlainClient:
    """One connection; lines are read, or not, as the test wants."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = b""

    def send(self, line: str) -> None:
        self.sock.sendall(line.encode() + b"\r\n")

    def line(self) -> bytes:
        """Return the next line, nothing at the connection's end."""
        while b"\n" not in self._buffer:
            octets = self.sock.recv(65_536)
            if not octets:
                break
            self._buffer += octets
        line, end, self._buffer = self._buffer.partition(b"\n")
        return line + end

    def ask(self, line: str) -> bytes:
        self.send(line)
        return self.line()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of a multi-line reply, without its last dot."""
        while (line := self.line()) != b".\r\n":
            assert line, "the connection ended inside a reply"
            yield line.removeprefix(b".")

    def login(self, account: str = ACCOUNT) -> bytes:
        self.ask(f"USER {account}")
        return self.ask(f"PASS {PASSWORD}")


@contextmanager
def connected(port: int, authority: Path, source: str = "127.0.0.1") -> Iterator[PlainClient]:
    """Give a client on implicit TLS whose greeting has been read; afterwards it is cut."""
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(("127.0.0.1", port), DEADLINE, source_address=(source, 0)) as bare,
        context.wrap_socket(bare, server_hostname="127.0.0.1") as sock,
    ):
        client = PlainClient(sock)
        assert client.line().startswith(b"+OK")
        yield client


def presented(port: int, authority: Path) -> bytes:
    """Return the certificate that the server shows now."""
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(("127.0.0.1", port), DEADLINE) as bare,
        context.wrap_socket(bare, server_hostname="127.0.0.1") as sock,
    ):
        return sock.getpeercert(binary_form=True) or b""
