"""IMAPClient with a bound on what it reads, and with a connection that another thread can cut."""

import asyncio
import imaplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader
from typing import TYPE_CHECKING, Literal

from imapclient import IMAPClient

from pillarbox.base.secret import Secret
from pillarbox.net.connector import ConnectFault
from pillarbox.net.deadline import within

if TYPE_CHECKING:
    from typing_extensions import Buffer

READ_OCTETS = 1_048_576  # for one command: lines, literals, and whatever nobody asked for


class BrokenError(Exception):
    """The server says more than anybody asked for."""


class Line:
    """One connection; `cut` may be called from any thread, and ends what waits on it."""

    def __init__(self, connected: socket.socket) -> None:
        self._handle = connected.dup()  # the same connection, whatever becomes of the other
        self.socket = connected
        self._left = 0
        self.let_go: Callable[[], None] = connected.close  # gives back what has come of the socket

    def allow(self) -> None:
        """Allow the next command its octets."""
        self._left = READ_OCTETS

    def spend(self, octets: int) -> None:
        """Count octets that are to be read, or were; raises BrokenError where they are too many."""
        self._left -= octets
        if self._left < 0:
            raise BrokenError

    def certificate(self) -> bytes | None:
        """Return the server's certificate, in DER; None without TLS."""
        if not isinstance(self.socket, ssl.SSLSocket):
            return None
        return self.socket.getpeercert(binary_form=True)

    def cut(self) -> None:
        """Break the connection: whoever reads or writes is told that it is gone."""
        with suppress(OSError):
            self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the descriptors back."""
        self._handle.close()
        with suppress(OSError):  # it is cut already
            self.let_go()


class _Conversation(imaplib.IMAP4):
    """The protocol, on a connection that is there already."""

    def __init__(self, line: Line, context: ssl.SSLContext | None, host: str) -> None:
        self._line = line
        self._context = context
        super().__init__(host)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        del timeout  # what waits is cut from outside
        if self._context is not None:
            self._line.socket = self._context.wrap_socket(
                self._line.socket, server_hostname=self.host
            )
        return self._line.socket

    def read(self, size: int) -> bytes:
        """Read a literal."""
        self._line.spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        """Read a line; what is longer than the library takes is nothing that we asked for."""
        try:
            octets = super().readline()
        except self.error:
            raise BrokenError from None
        self._line.spend(len(octets))
        return octets

    def starttls(
        self, ssl_context: ssl.SSLContext | None = None
    ) -> tuple[Literal["OK"], list[None]]:
        """Begin TLS; raises BrokenError where anything came with the answer.

        What is said before TLS is over may be anybody's, and is an attack where it came early.
        """
        answer = super().starttls(ssl_context)
        self._line.socket = self.sock
        return answer

    def _simple_command(self, name: str, *args: str) -> tuple[str, list[bytes]]:
        """Send a command; behind the one that begins TLS, the server has to wait for us."""
        kind, said = self._command_complete(name, self._command(name, *args))
        if name == "STARTTLS" and self._has_more():
            raise BrokenError
        return kind, said

    def _has_more(self) -> bool:
        """Say whether octets have come that nobody asked for; waits for none."""
        self.sock.settimeout(0)
        try:
            return isinstance(self.file, BufferedReader) and bool(self.file.peek(1))
        finally:
            self.sock.settimeout(None)

    def log_in(self, name: str, password: str) -> tuple[str, list[bytes]]:
        """Send LOGIN; the library's own leaves the name without quotes."""
        kind, said = self._simple_command("LOGIN", _quoted(name), _quoted(password))
        if kind == "OK":
            self.state = "AUTH"
        return kind, said

    def send(self, data: "Buffer") -> None:
        """Send a command; what the server said unasked before it will never be asked for."""
        self.untagged_responses = {}
        super().send(data)

    def _log(self, line: str) -> None:
        """Keep no record: passwords would be in it."""


class Library(IMAPClient):
    """One conversation of the library's; made behind the greeting. Blocks, and raises as it does.

    A greeting that has us logged in already is refused: whoever sits between us and the server
    could say so to be spared TLS.
    """

    def __init__(self, line: Line, context: ssl.SSLContext | None, host: str) -> None:
        self._line = line
        self._context = context
        super().__init__(host, 0, ssl=context is not None)
        line.let_go = self.shutdown
        self._imap.debug = 0  # the library's log is not ours
        if self._imap.state != "NONAUTH":
            raise BrokenError

    def _create_IMAP4(self) -> _Conversation:
        return _Conversation(self._line, self._context, self.host)

    def log_in(self, name: str, password: Secret) -> None:
        """Send the name and the password; ASCII without line ends."""
        kind, said = self._imap.log_in(name, password.reveal().decode("ascii"))
        self._checkok("login", kind, said)

    def prove(self, mechanism: str, respond: Callable[[bytes], Secret]) -> None:
        """Run a mechanism; what `respond` raises ends it in the middle."""
        self._imap.authenticate(mechanism, lambda said: respond(said).reveal())

    def remove(self, uids: list[int]) -> None:
        """Mark these as deleted, then expunge them and no others."""
        self.delete_messages(uids, silent=True)
        self.uid_expunge(uids)

    def announced(self) -> frozenset[str]:
        """Ask what the server can do now."""
        kind, said = self._imap.capability()
        self._checkok("capability", kind, said)
        words = b" ".join(said).decode("ascii", "replace")
        return frozenset(words.upper().split())


async def dial(host: str, port: int, seconds: float) -> Line:
    """Return a TCP connection; raises ConnectFault, and TooSlowFault after so many seconds."""
    try:
        async with within(seconds):
            connected = await asyncio.to_thread(socket.create_connection, (host, port), seconds)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no DNS label can hold
        raise ConnectFault(
            "Cannot connect to {host}, port {port}: {why}.",
            host=host,
            port=port,
            why=getattr(error, "strerror", None) or error,
        ) from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.settimeout(None)
    return Line(connected)


def _quoted(text: str) -> str:
    """Return a quoted string: RFC 9051, section 4.3."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
