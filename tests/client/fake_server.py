"""A POP3 server in memory that does what a test tells it to, and remembers what it was told."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pillarbox.app.certificates import make_certificates
from pillarbox.base.errors import PeerFault
from pillarbox.net.certificates import Certificates, Pair
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.net.stream import Stream
from pillarbox.net.tls import secure_as_server
from pillarbox.wire.dots import DotStuffer

HOST = "localhost"
HANG_UP = b"hang up"  # in place of a reply
NAME, PASSWORD = "mrose", "correct horse"
CAPABILITIES = ("TOP", "UIDL", "PIPELINING", "RESP-CODES", "STLS", "USER", "SASL PLAIN")


@cache
def pem() -> tuple[bytes, bytes, bytes]:
    """Return a CA, and the certificate of `localhost` with its key; made once a process."""
    made = make_certificates(HOST, datetime.now(UTC))
    return made.ca, made.certificate, made.key


@cache
def certificates() -> Certificates:
    _, certificate, key = pem()
    with TemporaryDirectory() as folder:
        files = Path(folder, "certificate"), Path(folder, "key")
        for file, octets in zip(files, (certificate, key), strict=True):
            file.write_bytes(octets)
        return Certificates([Pair(*files)])


def ca_file(folder: Path) -> Path:
    file = folder / "ca.pem"
    file.write_bytes(pem()[0])
    return file


def stuffed(octets: bytes) -> bytes:
    stuffer = DotStuffer()
    return stuffer.feed(octets) + stuffer.finish()


@dataclass
class FakeServer:
    """What is in the maildrop, and how the server behaves.

    `says` stands in for the reply to a line, or to every line with that keyword; an empty one is
    silence. `cut_after` breaks the connection when so many octets of replies have been sent.
    """

    messages: dict[str, bytes] = field(default_factory=dict)
    capabilities: tuple[str, ...] = CAPABILITIES
    greeting: bytes = b"+OK ready\r\n"
    is_implicit: bool = False
    says: dict[bytes, bytes] = field(default_factory=dict)
    cut_after: int | None = None
    heard: list[bytes] = field(default_factory=list)  # every line, of all sessions
    heard_in_clear: bytearray = field(default_factory=bytearray)
    most_lines_at_once: int = 0
    sessions: set["asyncio.Task[None]"] = field(default_factory=set)

    async def dial(self, host: str, port: int, seconds: float) -> MemoryStream:
        """Be the network between a client and this server."""
        near, far = memory_pair()
        task = asyncio.ensure_future(self.session(far).run())
        self.sessions.add(task)
        return near

    def session(self, stream: Stream) -> "Session":
        return Session(self, stream)

    def count(self, keyword: bytes) -> int:
        return sum(line.startswith(keyword) for line in self.heard)


class Session:
    """One connection; what DELE marks goes at QUIT."""

    def __init__(self, server: FakeServer, stream: Stream) -> None:
        self.server = server
        self.stream = stream
        self.view = list(server.messages.items())
        self.marked: set[int] = set()
        self.is_secure = False
        self.is_over = False
        self.sent = 0

    async def run(self) -> None:
        try:
            if self.server.is_implicit:
                await self.secure()
            await self.say(self.server.greeting)
            while not self.is_over:
                await self.hear()
        except PeerFault:
            self.is_over = True
        await self.stream.close()

    async def secure(self) -> None:
        self.stream = await secure_as_server(self.stream, certificates())
        self.is_secure = True

    async def hear(self) -> None:
        octets = await self.stream.read()
        self.is_over = not octets
        if not self.is_secure:
            self.server.heard_in_clear += octets
        lines = octets.split(b"\r\n")[:-1]
        self.server.most_lines_at_once = max(self.server.most_lines_at_once, len(lines))
        for line in lines:
            self.server.heard.append(line)
            await self.answer(line)

    async def say(self, octets: bytes) -> None:
        if octets == HANG_UP:
            raise PeerFault("hung up")
        limit = self.server.cut_after
        if limit is not None and self.sent + len(octets) > limit:
            await self.stream.write(octets[: limit - self.sent])
            self.is_over = True
            raise PeerFault("cut")
        self.sent += len(octets)
        await self.stream.write(octets)

    async def answer(self, line: bytes) -> None:
        keyword, _, argument = line.upper().partition(b" ")
        said = self.server.says.get(line, self.server.says.get(keyword))
        if said is not None:
            await self.say(said)
        elif keyword == b"STLS":
            await self.say(b"+OK\r\n")
            await self.secure()
        else:
            await self.say(self.reply(keyword, argument))

    def reply(self, keyword: bytes, argument: bytes) -> bytes:
        match keyword, argument:
            case b"CAPA", _:
                return self.lines(word for word in self.server.capabilities)
            case b"LIST", b"":
                return self.lines(f"{n} {len(octets)}" for n, (_, octets) in self.numbered())
            case b"UIDL", b"":
                return self.lines(f"{n} {unique_id}" for n, (unique_id, _) in self.numbered())
            case b"UIDL", number:
                return f"+OK {int(number)} {self.view[int(number) - 1][0]}\r\n".encode()
            case b"RETR" | b"TOP", numbers:
                return b"+OK\r\n" + stuffed(self.view[int(numbers.split()[0]) - 1][1])
            case b"DELE", number:
                self.marked.add(int(number))
            case b"QUIT", _:
                self.update()
        return b"+OK\r\n"

    def numbered(self) -> list[tuple[int, tuple[str, bytes]]]:
        return list(enumerate(self.view, start=1))

    @staticmethod
    def lines(words: Iterable[str]) -> bytes:
        return b"+OK\r\n" + "".join(f"{word}\r\n" for word in words).encode() + b".\r\n"

    def update(self) -> None:
        self.is_over = True
        for number in self.marked:
            self.server.messages.pop(self.view[number - 1][0], None)
