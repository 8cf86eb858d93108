"""The wait for a PROXY header: who may send one, how long it may take, whose connection it is."""

import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest

from pillarbox.base.clock import FakeClock
from pillarbox.journal.journal import Journal
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.server.proxied import Proxies, ProxyRules
from pillarbox.server.trusted import trust

PROXY, CLIENT = "192.0.2.1", "203.0.113.9"
SECONDS = 30.0
HEADER = b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 995\r\n"
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"


class Gate:
    """Proxies that trust one address, with their journal."""

    def __init__(self, trusted: str = PROXY, seconds: float = SECONDS, awaited: int = 10) -> None:
        self.said = io.StringIO()
        rules = ProxyRules(trust((trusted,)), seconds, awaited)
        self.proxies = Proxies(rules, Journal(self.said, FakeClock()))

    @property
    def refusals(self) -> list[str]:
        """What was noted, without the time."""
        return [line.partition(" ")[2] for line in self.said.getvalue().splitlines()]


def run(talk: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(SECONDS):
            await talk()

    asyncio.run(limited())


async def has_ended(stream: MemoryStream) -> bool:
    """Whether the connection was closed, with nothing said."""
    return stream._incoming.is_broken and not stream.has_unread


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_peer_is_the_source_and_what_is_behind_the_header_is_kept(size: int) -> None:
    async def talk() -> None:
        gate = Gate()
        ours, theirs = memory_pair()
        octets = HEADER + b"\x16\x03\x01"
        for start in range(0, len(octets), size):
            await theirs.write(octets[start : start + size])
        proxied = await gate.proxies.receive(ours)
        assert proxied is not None
        assert CLIENT == proxied.peer
        assert b"\x16\x03\x01" == await proxied.read()
        await theirs.write(b"more")
        assert b"more" == await proxied.read()
        assert [] == gate.refusals

    run(talk)


def test_a_connection_of_the_proxys_own_keeps_its_peer() -> None:
    async def talk() -> None:
        ours, theirs = memory_pair()
        await theirs.write(LOCAL)
        proxied = await Gate().proxies.receive(ours)
        assert proxied is not None
        assert PROXY == proxied.peer

    run(talk)


def test_a_header_from_anybody_else_closes_and_the_journal_names_the_sockets_peer() -> None:
    async def talk() -> None:
        gate = Gate(trusted="198.51.100.0/24")
        ours, theirs = memory_pair()
        await theirs.write(HEADER)
        assert await gate.proxies.receive(ours) is None
        assert await has_ended(theirs)
        assert ["connection.refused peer=192.0.2.1 why=not-trusted"] == gate.refusals

    run(talk)


@pytest.mark.parametrize(
    "octets", [b"\x16\x03\x01", b"CAPA\r\n", HEADER.replace(b"995", b"99999"), b"PROXY \r\n"]
)
def test_a_trusted_peer_without_a_header_is_closed(octets: bytes) -> None:
    async def talk() -> None:
        gate = Gate()
        ours, theirs = memory_pair()
        await theirs.write(octets)
        assert await gate.proxies.receive(ours) is None
        assert await has_ended(theirs)
        assert ["connection.refused peer=192.0.2.1 why=no-header"] == gate.refusals

    run(talk)


@pytest.mark.parametrize("count", [0, 1, len(HEADER) - 1])
def test_a_peer_that_leaves_before_the_end_of_its_header_is_closed(count: int) -> None:
    async def talk() -> None:
        gate = Gate()
        ours, theirs = memory_pair()
        await theirs.write(HEADER[:count])
        await theirs.close()
        assert await gate.proxies.receive(ours) is None
        assert ["connection.refused peer=192.0.2.1 why=no-header"] == gate.refusals

    run(talk)


def test_a_connection_that_breaks_before_its_header_is_closed() -> None:
    async def talk() -> None:
        gate = Gate()
        ours, theirs = memory_pair()
        theirs.abort()
        assert await gate.proxies.receive(ours) is None
        assert ["connection.refused peer=192.0.2.1 why=no-header"] == gate.refusals

    run(talk)


def test_octets_that_trickle_in_do_not_lengthen_the_wait() -> None:
    async def talk() -> None:
        gate = Gate(seconds=0.05)
        ours, theirs = memory_pair()
        receiving = asyncio.create_task(gate.proxies.receive(ours))
        await theirs.write(b"PROXY UNKNOWN ")
        while not receiving.done():  # 93 octets fit; they come slower than the time is long
            await asyncio.sleep(0.01)
            if not receiving.done():
                await theirs.write(b"x")
        assert await receiving is None
        assert await has_ended(theirs)

    run(talk)


def test_there_is_a_most_of_connections_without_a_header() -> None:
    async def talk() -> None:
        gate = Gate(awaited=1)
        first, second, third = memory_pair(), memory_pair(), memory_pair()
        waiting = asyncio.create_task(gate.proxies.receive(first[0]))
        await asyncio.sleep(0)
        await second[1].write(HEADER)
        assert await gate.proxies.receive(second[0]) is None
        assert ["connection.refused peer=192.0.2.1 why=limit"] == gate.refusals
        await first[1].write(HEADER)
        assert await waiting is not None
        await third[1].write(HEADER)
        assert await gate.proxies.receive(third[0]) is not None

    run(talk)


def test_a_drain_waits_for_no_header() -> None:
    async def talk() -> None:
        gate = Gate()
        ours, theirs = memory_pair()
        waiting = asyncio.create_task(gate.proxies.receive(ours))
        await asyncio.sleep(0)
        gate.proxies.drain()
        assert await waiting is None
        assert await has_ended(theirs)

    run(talk)


def test_a_cancelled_wait_leaves_no_connection_open() -> None:
    async def talk() -> None:
        ours, theirs = memory_pair()
        waiting = asyncio.create_task(Gate().proxies.receive(ours))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await has_ended(theirs)

    run(talk)
