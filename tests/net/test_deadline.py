"""Deadlines: they end what is late, and are seen nowhere else."""

import asyncio
import socket

import pytest

from pillarbox.net.connector import connect
from pillarbox.net.deadline import TooSlowFault, within


@pytest.mark.parametrize("seconds", [30.0, None])
def test_what_is_done_in_time_is_not_disturbed(seconds: float | None) -> None:
    async def work() -> str:
        async with within(seconds):
            await asyncio.sleep(0)
            return "done"

    assert "done" == asyncio.run(work())


def test_a_fault_inside_comes_out_as_it_is() -> None:
    async def fail() -> None:
        async with within(30):
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(fail())


def test_a_cancelled_wait_is_cancelled_and_not_late() -> None:
    async def wait() -> None:
        async with within(30):
            await asyncio.Event().wait()

    async def cancel() -> None:
        waiting = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(cancel())


def test_a_deadline_inside_another_is_the_one_that_is_named() -> None:
    async def wait() -> None:
        async with within(30), within(0.001):
            await asyncio.Event().wait()

    with pytest.raises(TooSlowFault, match=r"0\.001 seconds"):
        asyncio.run(wait())


def test_a_server_that_may_do_better_later_is_too_slow() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(TooSlowFault, match="within 0 seconds") as late,
    ):
        asyncio.run(connect("localhost", server.getsockname()[1], 0))

    assert late.value.retry
