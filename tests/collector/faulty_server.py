"""A POP3 server on a real socket that errs in one way by name, and remembers what it was told.

Each connection has a thread. What a fault leaves alone is done as RFC 1939 has it.
"""

import socket
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from tests.client.fake_server import NAME, PASSWORD, stuffed
from tests.collector import forged

LOOPBACK = "127.0.0.1"
CAPABILITIES = ("TOP", "UIDL", "PIPELINING", "RESP-CODES", "STLS", "USER", "SASL PLAIN")
SHORT = frozenset({"DELE", "NOOP", "PASS", "STAT", "USER"})  # one line is all they are told
LINE_OCTETS = 65_536  # of a command


class Cut(Exception):  # the connection ends here
    """Not an error: the fault wants it."""


class Fault:
    """A server without any; each fault overrides what it gets wrong."""

    tls = "implicit"
    certificate = forged.GOOD
    answers_only_first = False  # of several commands that come at once

    def greeting(self) -> bytes:
        return b"+OK ready\r\n"

    def capabilities(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names

    def unique_id(self, unique_id: str) -> str:
        return unique_id

    def sizes(self, lines: list[str]) -> list[str]:
        return lines

    def unique_ids(self, lines: list[str]) -> list[str]:
        return lines

    def says(self, keyword: str, number: int | None) -> bytes | None:
        """Return what takes the place of a reply; None: the reply."""
        return None

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        """Yield what follows RETR's `+OK`."""
        yield stuffed(octets)

    def begins(self, keyword: str, number: int | None, maildrop: "Maildrop") -> None:
        """Be told of a command before its reply; may raise Cut."""

    def ended(self, keyword: str, number: int | None) -> None:
        """Be told of a command whose reply was sent; may raise Cut."""

    def may_remove(self, number: int) -> bool:
        """Say whether QUIT removes what was marked."""
        return True

    def quit(self) -> bytes:
        return b"+OK bye\r\n"

    def after_stls(self) -> bytes:
        return b"+OK begin\r\n"


@dataclass
class Maildrop:
    """What is on the server, by unique-id; `removed` is what went from it."""

    messages: dict[str, bytes]
    removed: list[str] = field(default_factory=list)
    hidden: frozenset[str] = frozenset()  # they come later
    lock: Lock = field(default_factory=Lock)

    def view(self) -> list[tuple[str, bytes]]:
        with self.lock:
            return [item for item in self.messages.items() if item[0] not in self.hidden]

    def remove(self, name: str) -> None:
        with self.lock:
            if self.messages.pop(name, None) is not None:
                self.removed.append(name)


class FaultyServer:
    """Serves a maildrop while its block lasts; `fault` may be exchanged between sessions.

    Unique-ids end with a hyphen and a number, by which a fault knows the message.
    """

    def __init__(self, messages: dict[str, bytes], fault: Fault) -> None:
        self.maildrop = Maildrop(dict(messages))
        self.fault = fault
        self.heard: list[str] = []
        self.in_clear = bytearray()  # what came without TLS
        self.is_over = Event()
        self._listening = socket.create_server((LOOPBACK, 0))
        self._connected: list[socket.socket] = []
        self._threads = [Thread(target=self._accept)]
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.is_over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connected in self._connected:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connected in self._connected:
            connected.close()

    def hide(self, names: Iterable[str]) -> None:
        """Let these be there only later."""
        self.maildrop.hidden = frozenset(names)

    def unhide(self) -> None:
        """Let all be there."""
        self.hide(())

    def count(self, keyword: str) -> int:
        return sum(line.split(" ")[0].upper() == keyword for line in self.heard)

    def _accept(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                connected, _ = self._listening.accept()
                self._connected.append(connected.dup())
                thread = Thread(target=self._serve, args=[connected])
                self._threads.append(thread)
                thread.start()

    def _serve(self, connected: socket.socket) -> None:
        session = Session(self, connected)
        try:
            with suppress(Cut, OSError):
                session.run()
        finally:
            with suppress(OSError):
                session.socket.shutdown(socket.SHUT_RDWR)
            session.socket.close()


class Session:
    """One connection; what DELE marks goes at QUIT."""

    def __init__(self, server: FaultyServer, connected: socket.socket) -> None:
        self.server = server
        self.fault = server.fault
        self.socket = connected
        self.view = server.maildrop.view()
        self.marked: set[int] = set()
        self.is_secure = False
        self._unread = b""

    def run(self) -> None:
        if self.fault.tls == "implicit":
            self.secure()
        self.send(self.fault.greeting())
        while (line := self.line()) is not None:
            self.answer(line)

    def secure(self) -> None:
        made = forged.context(self.fault.certificate)
        self.socket = made.wrap_socket(self.socket, server_side=True)
        self.is_secure = True
        self._unread = b""

    def line(self) -> str | None:
        while b"\r\n" not in self._unread:
            octets = self.socket.recv(LINE_OCTETS)
            if not octets:
                return None
            if not self.is_secure:
                self.server.in_clear += octets
            self._unread += octets
        line, _, self._unread = self._unread.partition(b"\r\n")
        if self.fault.answers_only_first:
            self._unread = b""
        return line.decode("latin-1")

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def answer(self, line: str) -> None:
        self.server.heard.append(line)
        keyword, _, argument = line.partition(" ")
        keyword = keyword.upper()
        first = argument.split(" ")[0]
        number = int(first) if first.isdecimal() else None
        which = self.which(number)
        self.fault.begins(keyword, which, self.server.maildrop)
        said = self.fault.says(keyword, which)
        if said is not None:
            self.send(said)
        elif keyword in {"RETR", "TOP"}:
            self.transmit(keyword, number or 0)
        elif keyword == "STLS":
            self.send(self.fault.after_stls())
            self.secure()
        else:
            self.send(self.reply(keyword, number))
        self.fault.ended(keyword, which)
        if keyword == "QUIT":
            raise Cut

    def which(self, number: int | None) -> int | None:
        """Return which message it is, whatever its number in this session."""
        if number is None or not 0 < number <= len(self.view):
            return number
        return int(self.view[number - 1][0].rpartition("-")[2])

    def transmit(self, keyword: str, number: int) -> None:
        octets = self.view[number - 1][1]
        self.send(b"+OK\r\n")
        if keyword == "TOP":
            self.send(stuffed(octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"))
            return
        for part in self.fault.message(self.which(number) or 0, octets):
            if self.server.is_over.is_set():
                raise Cut
            self.send(part)

    def reply(self, keyword: str, number: int | None) -> bytes:
        match keyword, number:
            case "CAPA", _:
                return lines(self.fault.capabilities(CAPABILITIES))
            case "LIST" | "UIDL", None:
                return lines(self.listed(keyword))
            case "AUTH", _:
                return self.prove()
            case "QUIT", _:
                return self.update()
            case "UIDL", int():
                name = self.fault.unique_id(self.view[number - 1][0])
                return f"+OK {number} {name}\r\n".encode("latin-1")
            case _:
                return self.done(keyword, number)

    def done(self, keyword: str, number: int | None) -> bytes:
        if keyword == "DELE" and number is not None:
            self.marked.add(number)
        return b"+OK\r\n" if keyword in SHORT else b"-ERR what?\r\n"

    def listed(self, keyword: str) -> list[str]:
        numbered = list(enumerate(self.view, start=1))
        if keyword == "LIST":
            return self.fault.sizes([f"{n} {len(octets)}" for n, (_, octets) in numbered])
        named = [f"{n} {self.fault.unique_id(name)}" for n, (name, _) in numbered]
        return self.fault.unique_ids(named)

    def update(self) -> bytes:
        for number in sorted(self.marked):
            if self.fault.may_remove(self.which(number) or 0):
                self.server.maildrop.remove(self.view[number - 1][0])
        return self.fault.quit()

    def prove(self) -> bytes:
        if len(self.server.heard[-1].split(" ")) == 2:
            self.send(b"+ \r\n")
            self.line()
        return b"+OK\r\n"


def lines(words: Iterable[str]) -> bytes:
    return b"+OK\r\n" + "".join(f"{word}\r\n" for word in words).encode("latin-1") + b".\r\n"


def secrets() -> list[bytes]:
    """Return what a password looks like where it is sent for all to read."""
    both = f"\0{NAME}\0{PASSWORD}".encode()
    return [PASSWORD.encode(), b64encode(PASSWORD.encode()), b64encode(both)]
