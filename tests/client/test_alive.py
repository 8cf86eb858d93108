"""A session that is kept while we are at work elsewhere."""

import asyncio

import pytest

from pillarbox.base.errors import PeerFault
from pillarbox.client.alive import kept_alive
from pillarbox.client.faults import HungUpFault, RefusedFault


class Listener:
    def __init__(self, fault: PeerFault | None = None) -> None:
        self.heard = asyncio.Event()
        self.fault = fault

    async def noop(self) -> None:
        self.heard.set()
        if self.fault is not None:
            raise self.fault


def test_noop_is_said_while_something_else_is_done() -> None:
    async def work() -> bool:
        listener = Listener()
        async with kept_alive(listener, 0.001):
            await listener.heard.wait()
        return True

    assert asyncio.run(work())


def test_nothing_is_said_where_it_takes_no_time() -> None:
    async def work() -> bool:
        listener = Listener()
        async with kept_alive(listener):
            pass
        return listener.heard.is_set()

    assert not asyncio.run(work())


def test_a_refused_noop_was_heard() -> None:
    async def work() -> bool:
        listener = Listener(RefusedFault("no"))
        async with kept_alive(listener, 0.001):
            await listener.heard.wait()
        return True

    assert asyncio.run(work())


def test_a_server_that_is_gone_is_a_fault() -> None:
    async def work() -> None:
        listener = Listener(HungUpFault("gone"))
        async with kept_alive(listener, 0.001):
            await listener.heard.wait()

    with pytest.raises(HungUpFault):
        asyncio.run(work())


def test_what_fails_inside_is_what_is_said() -> None:
    async def work() -> None:
        listener = Listener(HungUpFault("gone"))
        async with kept_alive(listener, 0.001):
            await listener.heard.wait()
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(work())
