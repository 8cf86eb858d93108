"""Listeners: which addresses there are, whose names are taken, and how connections end."""

import asyncio
import errno
import os
import resource
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pillarbox.base.errors import OperatorFault, PeerFault
from pillarbox.net.connector import connect
from pillarbox.net.deadline import within
from pillarbox.net.listener import Listener, split_address
from pillarbox.net.socket_stream import SocketStream

SECONDS = 30.0


async def echo(stream: SocketStream) -> None:
    while octets := await stream.read():
        await stream.write(octets)
    await stream.close()


async def nothing(stream: SocketStream) -> None:
    await stream.close()


def run(talk: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with within(SECONDS):
            await talk()

    asyncio.run(limited())


async def said_back(stream: SocketStream, octets: bytes) -> bytes:
    await stream.write(octets)
    heard = await stream.read()
    await stream.close()
    return heard


async def connect_to_path(path: Path) -> SocketStream:
    loop = asyncio.get_running_loop()
    _, stream = await loop.create_unix_connection(SocketStream, str(path))
    return stream


def port_of(listener: Listener) -> int:
    return int(listener.addresses[0][1])


async def stop(listener: Listener) -> None:
    listener.stop()
    await listener.wait(SECONDS)


def test_port_0_takes_any_and_says_which() -> None:
    async def talk() -> None:
        listener = Listener(echo)
        await listener.start("127.0.0.1:0")
        assert ["127.0.0.1"] == [name for name, _ in listener.addresses]
        assert port_of(listener) > 0
        stream = await connect("127.0.0.1", port_of(listener), SECONDS)
        assert b"NOOP" == await said_back(stream, b"NOOP")
        await stop(listener)

    run(talk)


def test_a_path_is_an_address(tmp_path: Path) -> None:
    path = tmp_path / "pop3"

    async def talk() -> None:
        listener = Listener(echo)
        await listener.start(f"unix:{path}")
        assert [[str(path)]] == listener.addresses
        stream = await connect_to_path(path)
        assert "unix" == stream.peer
        assert b"NOOP" == await said_back(stream, b"NOOP")
        await stop(listener)

    run(talk)


def test_the_peer_of_a_connection_is_its_address() -> None:
    peers: list[str] = []

    async def note(stream: SocketStream) -> None:
        peers.append(stream.peer)
        await stream.close()

    async def talk() -> None:
        listener = Listener(note)
        await listener.start("127.0.0.1:0")
        stream = await connect("127.0.0.1", port_of(listener), SECONDS)
        assert b"" == await stream.read()
        await stream.close()
        await stop(listener)

    run(talk)

    assert ["127.0.0.1"] == peers


def test_small_answers_leave_at_once() -> None:
    async def talk() -> None:
        listener = Listener(echo)
        await listener.start("127.0.0.1:0")
        stream = await connect("127.0.0.1", port_of(listener), SECONDS)
        sock = stream._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await stream.close()
        await stop(listener)

    run(talk)


def test_a_socket_that_nobody_listens_on_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pop3"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))

    async def talk() -> None:
        listener = Listener(echo)
        await listener.start(f"unix:{path}")
        assert b"NOOP" == await said_back(await connect_to_path(path), b"NOOP")
        await stop(listener)

    run(talk)


def test_a_living_socket_is_not_taken_from_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "pop3"

    async def talk() -> None:
        owner = Listener(echo)
        await owner.start(f"unix:{path}")
        with pytest.raises(OperatorFault, match=f"Cannot listen on unix:{path}: .*in use"):
            await Listener(nothing).start(f"unix:{path}")
        assert b"NOOP" == await said_back(await connect_to_path(path), b"NOOP")
        await stop(owner)

    run(talk)


def test_a_socket_of_another_kind_is_not_taken_either(tmp_path: Path) -> None:
    path = tmp_path / "journal"

    async def talk() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.bind(str(path))
            with pytest.raises(OperatorFault):
                await Listener(nothing).start(f"unix:{path}")
        assert path.is_socket()

    run(talk)


def test_a_file_is_not_taken_for_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "letters"
    path.write_bytes(b"precious")

    async def talk() -> None:
        with pytest.raises(OperatorFault):
            await Listener(nothing).start(f"unix:{path}")

    run(talk)

    assert b"precious" == path.read_bytes()


@pytest.mark.parametrize("name", ["missing/pop3", "x" * 200])
def test_a_path_that_cannot_be_one_is_named(name: str, tmp_path: Path) -> None:
    async def talk() -> None:
        with pytest.raises(OperatorFault, match="Cannot listen on unix:"):
            await Listener(nothing).start(f"unix:{tmp_path / name}")

    run(talk)


def test_a_port_that_is_taken_is_named() -> None:
    async def talk() -> None:
        owner = Listener(nothing)
        await owner.start("127.0.0.1:0")
        address = f"127.0.0.1:{port_of(owner)}"
        with pytest.raises(OperatorFault, match=f"Cannot listen on {address}"):
            await Listener(nothing).start(address)
        await stop(owner)

    run(talk)


def test_an_address_that_is_not_ours_is_named() -> None:
    async def talk() -> None:
        with pytest.raises(OperatorFault, match=r"192\.0\.2\.1:0"):
            await Listener(nothing).start("192.0.2.1:0")

    run(talk)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:110", ("127.0.0.1", 110)),
        ("[::1]:995", ("::1", 995)),
        ("localhost:0", ("localhost", 0)),
        ("mail.example.org:65535", ("mail.example.org", 65535)),
    ],
)
def test_an_address_is_a_host_and_a_port(address: str, parts: tuple[str, int]) -> None:
    assert parts == split_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "110",
        ":110",
        "host",
        "host:",
        "host:pop3",
        "host:-1",
        "host:65536",
        "host:\u0661",
        "h: 1",
    ],
)
def test_what_is_no_host_and_port_is_refused(address: str) -> None:
    with pytest.raises(OperatorFault, match="is not host:port"):
        split_address(address)


def test_a_stopped_listener_takes_no_more_and_lets_its_connections_go_on() -> None:
    async def talk() -> None:
        listener = Listener(echo)
        await listener.start("127.0.0.1:0")
        port = port_of(listener)
        stream = await connect("127.0.0.1", port, SECONDS)
        await stream.write(b"one")
        assert b"one" == await stream.read()
        listener.stop()
        with pytest.raises(PeerFault):
            await connect("127.0.0.1", port, SECONDS)
        assert b"two" == await said_back(stream, b"two")
        await listener.wait(SECONDS)

    run(talk)


def test_connections_that_do_not_end_in_time_are_cancelled() -> None:
    ends: list[str] = []
    has_begun = asyncio.Event()

    async def stay(stream: SocketStream) -> None:
        try:
            has_begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise
        finally:
            stream.abort()

    async def talk() -> None:
        listener = Listener(stay)
        await listener.start("127.0.0.1:0")
        stream = await connect("127.0.0.1", port_of(listener), SECONDS)
        await has_begun.wait()
        listener.stop()
        await listener.wait(0.01)
        stream.abort()

    run(talk)

    assert ["cancelled"] == ends


def test_a_listener_that_never_started_stops_in_peace() -> None:
    async def talk() -> None:
        await stop(Listener(nothing))

    run(talk)


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Let this process open nothing more inside the block."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.dup(0)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + 1, limits[1]))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in taken:
            os.close(descriptor)


@pytest.mark.slow
def test_a_connection_that_finds_no_descriptor_waits_until_there_is_one() -> None:
    told: list[int | None] = []

    async def talk() -> None:
        is_exhausted = asyncio.Event()

        def exhausted(error: OSError) -> None:
            told.append(error.errno)
            is_exhausted.set()

        listener = Listener(echo, exhausted)
        await listener.start("127.0.0.1:0")
        loop = asyncio.get_running_loop()
        sock = socket.socket()
        sock.settimeout(0)
        with no_descriptor_left():
            await loop.sock_connect(sock, ("127.0.0.1", port_of(listener)))
            await is_exhausted.wait()
        _, stream = await loop.create_connection(SocketStream, sock=sock)
        assert b"NOOP" == await said_back(stream, b"NOOP")
        await stop(listener)

    run(talk)

    assert [errno.EMFILE] == told


def test_a_listener_that_rests_can_be_stopped() -> None:
    async def talk() -> None:
        is_exhausted = asyncio.Event()
        listener = Listener(echo, lambda _: is_exhausted.set())
        await listener.start("127.0.0.1:0")
        with socket.socket() as sock:
            sock.settimeout(0)
            with no_descriptor_left():
                await asyncio.get_running_loop().sock_connect(
                    sock, ("127.0.0.1", port_of(listener))
                )
                await is_exhausted.wait()
            await stop(listener)

    run(talk)


def test_a_peer_that_is_gone_before_it_is_looked_at_has_its_address_all_the_same() -> None:
    peers: list[str] = []

    async def talk() -> None:
        is_noted = asyncio.Event()

        async def note(stream: SocketStream) -> None:
            peers.append(stream.peer)
            is_noted.set()
            await stream.close()

        listener = Listener(note)
        await listener.start("127.0.0.1:0")
        with socket.create_connection(("127.0.0.1", port_of(listener))) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await is_noted.wait()  # the loop has not run since it connected
        await stop(listener)

    run(talk)

    assert ["127.0.0.1"] == peers


def test_a_name_with_two_addresses_is_listened_on_at_both_or_not_at_all() -> None:
    async def talk() -> None:
        owner = Listener(nothing)
        await owner.start("localhost:0")
        name, port = owner.addresses[-1]
        with pytest.raises(OperatorFault, match="in use"):
            await Listener(nothing).start(f"localhost:{port}")
        assert name in {"127.0.0.1", "::1"}
        await stop(owner)

    run(talk)
