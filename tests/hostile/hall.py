"""A real service on real sockets, with every kind of listener, and clients that do as they like."""

import asyncio
import io
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import repeat
from typing import cast

from pillarbox.net.listener import Listener
from pillarbox.server.limits import Limits
from pillarbox.server.proxied import ProxyRules
from pillarbox.server.service import Pop3Service
from pillarbox.server.services import Timers
from pillarbox.server.trusted import trust
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.memory import MemoryStore
from tests.dialogues.core import Place
from tests.dialogues.player import Dialogue
from tests.dialogues.port import contexts, served

SECONDS = 30.0  # a test that hangs is a test that fails
LOGIN = b"USER mrose\r\nPASS correct horse\r\n"
READY = b"+OK Pillarbox ready."
TRUSTED = "127.0.0.1"


@dataclass(frozen=True)
class House:
    """What is tried: who may come, and how long everything may take."""

    timers: Timers = field(default_factory=Timers)
    limits: Limits = field(default_factory=Limits)
    header_seconds: float = SECONDS
    message: bytes = b"Subject: big\r\n\r\n"


@dataclass(frozen=True)
class Hall:
    """Where a service listens, by kind of listener, and what came of it."""

    service: Pop3Service
    ports: dict[str, int]
    journal: io.StringIO
    callers: list["Caller"] = field(default_factory=list)

    async def connect(self, kind: str, source: str = "127.0.0.1") -> "Caller":
        """Connect from an address of loopback, and say nothing."""
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        sock.settimeout(0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.bind((source, 0))
        await loop.sock_connect(sock, ("127.0.0.1", self.ports[kind]))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.callers.append(Caller(sock, await asyncio.open_connection(sock=sock)))
        return self.callers[-1]

    async def enter(self, kind: str, source: str = "127.0.0.1") -> "Caller":
        """Connect, with TLS where that comes first, and read the greeting."""
        caller = await self.connect(kind, source)
        if kind == "proxied":
            await caller.say(b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 995\r\n")
        if kind != "plain":
            await caller.secure()
        line = await caller.line()

        assert line.startswith(READY), line

        return caller

    @property
    def events(self) -> list[str]:
        """The journal, without the times."""
        return [line.partition(" ")[2] for line in self.journal.getvalue().splitlines()]

    def ended(self, count: int = 1) -> bool:
        """Whether so many sessions are over, and nothing is left of any."""
        held = self.service._connections
        closed = sum(event.startswith("session.closed") for event in self.events)
        return closed >= count and (0, {}) == (held._count, held._by_source)


class Caller:
    """A client; what it says may be anything, and it may say it in any pieces."""

    def __init__(
        self, sock: socket.socket, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        self.sock = sock
        self.reader, self.writer = streams

    async def say(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def line(self) -> bytes:
        return await self.reader.readline()

    async def ask(self, octets: bytes) -> bytes:
        await self.say(octets)
        return await self.line()

    async def lines(self, count: int) -> list[bytes]:
        return [await self.line() for _ in range(count)]

    async def secure(self) -> None:
        await self.writer.start_tls(contexts()[1], server_hostname="localhost")

    async def login(self) -> bytes:
        await self.say(LOGIN)
        return (await self.lines(2))[1]

    async def rest(self) -> bytes:
        """Return what is heard up to the end of the connection, however it ends."""
        octets = b""
        with suppress(OSError):
            while more := await self.reader.read(65_536):
                octets += more
        return octets

    async def quit(self) -> None:
        assert b"+OK Goodbye.\r\n" == await self.ask(b"QUIT\r\n")
        assert b"" == await self.rest()

    def stop_reading(self) -> None:
        """Take nothing more from the kernel, so that its window closes."""
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    def reset(self) -> None:
        """Send RST: the peer learns of the end in the rudest way."""
        on_with_no_time = struct.pack("ii", 1, 0)
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, on_with_no_time)
        self.writer.transport.abort()

    def leave(self) -> None:
        self.writer.transport.abort()

    async def go(self) -> None:
        """Leave, and see that nothing is left of the connection here."""
        self.leave()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[Hall]:
    """Serve two messages of mrose, the second as large as the house says."""
    dialogue = Dialogue(maildrops={"mrose": ["one.eml"]}, flags={"plaintext allowed"})
    place = Place(MemoryStore(MemoryBlobs()), dialogue)
    place.deliver("mrose", house.message)
    async with served(place, dialogue, house.timers, house.limits) as there:
        rules = ProxyRules(trust((TRUSTED,)), house.header_seconds)
        service = Pop3Service(there.service._services, house.limits, rules)
        kinds = {
            "plain": service.serve,
            "secure": service.serve_secure,
            "proxied": service.serve_proxied,
        }
        listeners = {kind: Listener(serve) for kind, serve in kinds.items()}
        for listener in listeners.values():
            await listener.start("127.0.0.1:0")
        ports = {kind: int(each.addresses[0][1]) for kind, each in listeners.items()}
        hall = Hall(service, ports, there.journal)
        try:
            yield hall
        finally:
            for caller in hall.callers:
                await caller.go()
            service.drain()
            for listener in listeners.values():
                listener.stop()
                await listener.wait(SECONDS)


def client_hello(name: str = "localhost") -> bytes:
    """Return what begins a handshake with a server of this name."""
    out = ssl.MemoryBIO()
    tls = contexts()[1].wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


async def until(claim: Callable[[], bool]) -> None:
    """Wait until something is so; the test's own limit ends it where it never is."""
    for pause in repeat(0.002):  # what is waited for signals nobody
        if claim():
            return
        await asyncio.sleep(pause)


def visit(talk: Callable[[Hall], Awaitable[None]], house: House | None = None) -> None:
    """Run what a test does with a hall."""

    async def limited() -> None:
        async with asyncio.timeout(SECONDS), opened(house or House()) as hall:
            await talk(hall)

    asyncio.run(limited())
