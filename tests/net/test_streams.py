"""One contract for every stream: in memory, over a socket, and with TLS on either."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pillarbox.app.certificates import make_certificates
from pillarbox.base.errors import PeerFault
from pillarbox.net.certificates import Certificates, Pair
from pillarbox.net.contexts import client_context
from pillarbox.net.deadline import within
from pillarbox.net.memory import memory_pair
from pillarbox.net.socket_stream import SocketStream
from pillarbox.net.stream import READ_OCTETS, Stream
from pillarbox.net.tls import secure_as_client, secure_as_server

SECONDS = 30.0  # a test that hangs is a test that fails
FLOOD = 64  # times READ_OCTETS: more than any socket's own buffers take


@dataclass(frozen=True)
class Contexts:
    server: Certificates
    client: ssl.SSLContext


Ends = tuple[Stream, Stream]
Talk = Callable[[Stream, Stream], Awaitable[None]]
Meet = Callable[[Talk], None]


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    folder: Path = tmp_path_factory.mktemp("tls")
    made = make_certificates("localhost", datetime.now(UTC))
    for name in ("ca", "certificate", "key"):
        (folder / name).write_bytes(getattr(made, name))
    return Contexts(
        Certificates([Pair(folder / "certificate", folder / "key")]), client_context(folder / "ca")
    )


async def sockets(family: str) -> Ends:
    loop = asyncio.get_running_loop()
    if family == "unix":
        near, far = socket.socketpair()
    else:
        with socket.create_server(("127.0.0.1", 0)) as server:
            near = socket.create_connection(server.getsockname())
            far, _ = server.accept()
    for end in (near, far):  # the kernel's own buffers grow to megabytes where nobody says a size
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, READ_OCTETS)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_OCTETS)
    made = [await loop.create_connection(SocketStream, sock=sock) for sock in (near, far)]
    return made[0][1], made[1][1]


async def plain(kind: str) -> Ends:
    return memory_pair() if kind == "memory" else await sockets(kind)


async def secured(ends: Ends, contexts: Contexts) -> Ends:
    client, server = await asyncio.gather(
        secure_as_client(ends[0], contexts.client, "localhost"),
        secure_as_server(ends[1], contexts.server),
    )
    return client, server


@asynccontextmanager
async def both_ends(kind: str, contexts: Contexts) -> AsyncIterator[Ends]:
    carrier, _, tls = kind.partition(" ")
    ends = await plain(carrier)
    try:
        yield await secured(ends, contexts) if tls else ends
    finally:
        for end in ends:
            end.abort()


@pytest.fixture(params=["memory", "tcp", "unix", "memory tls", "tcp tls", "unix tls"])
def meet(request: pytest.FixtureRequest, contexts: Contexts) -> Meet:
    """Run a conversation between the two ends of a connection of each kind."""

    async def run(talk: Talk) -> None:
        async with within(SECONDS), both_ends(str(request.param), contexts) as (near, far):
            await talk(near, far)

    def start(talk: Talk) -> None:
        asyncio.run(run(talk))

    return start


async def turns(count: int = 100) -> None:
    """Let everything run that can."""
    for _ in range(count):
        await asyncio.sleep(0)


def is_unread(stream: Stream) -> bool:
    return stream.has_unread


async def flood(stream: Stream) -> None:
    for _ in range(FLOOD):
        await stream.write(bytes(READ_OCTETS))


async def read_exactly(stream: Stream, count: int) -> bytes:
    heard = b""
    while len(heard) < count:
        octets = await stream.read()
        assert 0 < len(octets) <= READ_OCTETS
        heard += octets
    return heard


async def read_all(stream: Stream) -> bytes:
    heard = bytearray()
    while octets := await stream.read():
        heard += octets
    return bytes(heard)


def test_octets_come_out_as_they_went_in_both_ways(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        await near.write(bytes(range(256)))
        assert bytes(range(256)) == await read_exactly(far, 256)
        await far.write(b"+OK\r\n")
        assert b"+OK\r\n" == await read_exactly(near, 5)

    meet(talk)


def test_more_than_any_buffer_comes_through_whole(meet: Meet) -> None:
    octets = bytes(range(256)) * (FLOOD * READ_OCTETS // 256)

    async def talk(near: Stream, far: Stream) -> None:
        _, heard = await asyncio.gather(near.write(octets), read_exactly(far, len(octets)))
        assert octets == heard

    meet(talk)


def test_a_reader_that_waits_is_woken_by_what_comes(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        heard, _ = await asyncio.gather(far.read(), near.write(b"x"))
        assert b"x" == heard

    meet(talk)


def test_a_closed_end_is_read_to_its_last_octet_and_then_is_nothing(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        await near.write(b"the last words")
        closing = asyncio.ensure_future(near.close())
        assert b"the last words" == await read_all(far)
        assert b"" == await far.read()
        await far.close()
        await closing

    meet(talk)


def test_a_writer_waits_while_the_reader_does_not_read(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        writing = asyncio.ensure_future(flood(near))
        await turns()
        assert not writing.done()
        await read_exactly(far, FLOOD * READ_OCTETS)
        await writing

    meet(talk)


def test_octets_that_nobody_has_read_are_seen(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        # One read returns all that one write sent: what is here, nobody has read.
        await asyncio.gather(far.write(b"!"), read_exactly(near, 1))
        assert not is_unread(near)
        await far.write(b"pipelined")
        while not is_unread(near):
            await turns(1)
        await read_exactly(near, 9)
        assert not is_unread(near)

    meet(talk)


def test_a_reader_learns_that_its_connection_broke(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        reading = asyncio.ensure_future(near.read())
        await turns()
        near.abort()
        with pytest.raises(PeerFault):
            await reading

    meet(talk)


def test_a_writer_learns_that_its_peer_is_gone(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        far.abort()
        with pytest.raises(PeerFault):
            await flood(near)

    meet(talk)


def test_a_writer_that_waits_learns_that_its_peer_is_gone(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        writing = asyncio.ensure_future(near.write(bytes(FLOOD * READ_OCTETS)))
        await turns()
        assert not writing.done()
        far.abort()
        with pytest.raises(PeerFault):
            await writing

    meet(talk)


def test_a_close_never_raises_though_the_peer_is_gone(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        far.abort()
        await near.close()

    meet(talk)


def test_the_peer_has_an_address(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        assert {near.peer, far.peer} <= {"127.0.0.1", "unix", "192.0.2.1", "192.0.2.2"}

    meet(talk)


def test_nothing_is_written_where_nothing_is_given(meet: Meet) -> None:
    async def talk(near: Stream, far: Stream) -> None:
        await near.write(b"")
        await near.write(b"x")
        assert b"x" == await read_exactly(far, 1)

    meet(talk)
