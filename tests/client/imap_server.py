"""An IMAP server on a real socket that does what a test tells it to, for a few messages."""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
CAPABILITIES = "IMAP4rev1 UIDPLUS AUTH=PLAIN"
HANG_UP = b"hang up"
FETCHED = re.compile(r"UID FETCH ([0-9,]+) \((?:BODY\.PEEK\[(\w*)\]<(\d+)\.(\d+)>|RFC822\.SIZE)\)")


@dataclass
class ImapServer:
    """`says` stands in for the reply to commands that start so; {tag} in it is the command's."""

    messages: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    capabilities: str = CAPABILITIES
    greeting: bytes = b"* OK ready\r\n"
    says: dict[str, bytes] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    deleted: set[int] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self._connected: list[socket.socket] = []
        self._threads = [Thread(target=self._accept)]
        self._is_over = Event()
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        for each in (self._listening, *self._connected):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._listening, *self._connected):
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                connected, _ = self._listening.accept()
                self._connected.append(connected)
                thread = Thread(target=self._serve, args=[connected])
                self._threads.append(thread)
                thread.start()

    def _serve(self, connected: socket.socket) -> None:
        with suppress(OSError), connected.makefile("rb") as lines:
            connected.sendall(self.greeting)
            for line in lines:
                self._answer(connected, line.decode("latin-1").strip())

    def _answer(self, connected: socket.socket, line: str) -> None:
        tag, _, command = line.partition(" ")
        self.heard.append(command)
        said = next((said for start, said in self.says.items() if command.startswith(start)), None)
        if said is None:
            said = self._reply(command) + b"{tag} OK done\r\n"
        whole, hangs_up, _ = said.partition(HANG_UP)
        connected.sendall(whole.replace(b"{tag}", tag.encode("ascii")))
        if hangs_up:
            connected.shutdown(socket.SHUT_RDWR)

    def _reply(self, command: str) -> bytes:
        word = command.partition(" ")[0]
        match word:
            case "CAPABILITY":
                return f"* CAPABILITY {self.capabilities}\r\n".encode()
            case "EXAMINE" | "SELECT":
                known = f"* {len(self.messages)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] x\r\n"
                return known.encode()
            case "UID":
                return self._by_uid(command)
            case "LOGOUT":
                return b"* BYE bye\r\n"
        return b""

    def _by_uid(self, command: str) -> bytes:
        if command.startswith("UID SEARCH"):
            return f"* SEARCH {' '.join(map(str, self.messages))}\r\n".encode()
        if command.startswith("UID STORE"):
            self.deleted |= {int(uid) for uid in command.split(" ")[2].split(",")}
        if command.startswith("UID EXPUNGE"):
            for uid in self.deleted & {int(uid) for uid in command.split(" ")[2].split(",")}:
                self.messages.pop(uid, None)
        fetched = FETCHED.match(command)
        return self._fetched(fetched) if fetched else b""

    def _fetched(self, asked: re.Match[str]) -> bytes:
        uids = [int(uid) for uid in asked[1].split(",") if int(uid) in self.messages]
        return b"".join(self._fact(uid, asked) for uid in uids)

    def _fact(self, uid: int, asked: re.Match[str]) -> bytes:
        octets = self.messages[uid]
        number = list(self.messages).index(uid) + 1
        if asked[3] is None:
            return b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (number, uid, len(octets))
        if asked[2] == "HEADER":
            octets = octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        part = octets[int(asked[3]) :][: int(asked[4])]
        section = f"BODY[{asked[2]}]<{asked[3]}>".encode()
        return b"* %d FETCH (UID %d %s {%d}\r\n%s)\r\n" % (number, uid, section, len(part), part)
