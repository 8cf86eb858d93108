"""A stream whose start was read already, as its reader sees it."""

import asyncio

import pytest

from pillarbox.base.errors import PeerFault
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.net.proxied import ProxiedStream
from pillarbox.net.stream import READ_OCTETS


def proxied(unread: bytes) -> tuple[ProxiedStream, MemoryStream]:
    ours, theirs = memory_pair()
    return ProxiedStream(ours, "203.0.113.9", unread), theirs


def test_what_was_read_already_comes_first_and_in_bounded_parts() -> None:
    async def talk() -> None:
        stream, theirs = proxied(b"a" * READ_OCTETS + b"b")
        await theirs.write(b"c")
        heard = []
        while stream.has_unread:
            heard.append(await stream.read())
        assert [b"a" * READ_OCTETS, b"b", b"c"] == heard

    asyncio.run(talk())


def test_everything_else_is_the_connection_below() -> None:
    async def talk() -> None:
        stream, theirs = proxied(b"")
        await stream.write(b"+OK\r\n")
        assert b"+OK\r\n" == await theirs.read()
        assert ("203.0.113.9", None) == (stream.peer, stream.end_point)
        await stream.close()
        assert b"" == await theirs.read()
        with pytest.raises(PeerFault):
            await theirs.write(b"x")

    asyncio.run(talk())


def test_an_abort_breaks_the_connection_below() -> None:
    async def talk() -> None:
        stream, theirs = proxied(b"")
        stream.abort()
        with pytest.raises(PeerFault):
            await theirs.read()

    asyncio.run(talk())
