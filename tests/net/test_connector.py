"""Connections out: what came of each attempt has a name, and no attempt lasts for ever."""

import asyncio
import socket

import pytest

from pillarbox.net.connector import ConnectFault, connect
from pillarbox.net.deadline import TooSlowFault, within


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_a_connection_carries_octets_both_ways() -> None:
    async def exchange() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as server:
            stream = await connect("127.0.0.1", server.getsockname()[1], 20)
            accepted, _ = server.accept()
            with accepted:
                await stream.write(b"ping")
                accepted.sendall(accepted.recv(4) + b"pong")
                accepted.shutdown(socket.SHUT_WR)
                heard = b""
                while octets := await stream.read():
                    heard += octets
                await stream.close()
        return heard

    assert b"pingpong" == asyncio.run(exchange())


def test_a_port_where_nobody_listens_is_named() -> None:
    port = closed_port()

    with pytest.raises(ConnectFault, match=f"127.0.0.1, port {port}"):
        asyncio.run(connect("127.0.0.1", port, 20))


def test_a_name_that_cannot_be_one_is_a_fault_and_no_crash() -> None:
    with pytest.raises(ConnectFault):
        asyncio.run(connect("a" * 70 + ".example", 110, 20))


def test_a_wait_ends_at_its_deadline() -> None:
    async def wait() -> None:
        async with within(0.001):
            await asyncio.Event().wait()

    with pytest.raises(TooSlowFault, match=r"0\.001 seconds"):
        asyncio.run(wait())


def test_a_timeout_that_is_not_ours_is_not_taken_for_ours() -> None:
    async def fail() -> None:
        async with within(None):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(fail())
