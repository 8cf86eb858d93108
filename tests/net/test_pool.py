"""Blocking work: so much at a time, so much waiting, and what has begun runs to its end."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from pillarbox.base.errors import OperatorFault
from pillarbox.net.deadline import within
from pillarbox.net.pool import Pool, PoolFullError

SECONDS = 30.0


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool("test", threads=1, waiting=1)
    yield made
    made.close()


class Gate:
    """Work that begins, and ends when it is let."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.may_end = threading.Event()
        self.has_ended = False

    def work(self) -> str:
        self.has_begun.set()
        assert self.may_end.wait(SECONDS)
        self.has_ended = True
        return threading.current_thread().name


def test_work_runs_on_a_thread_of_the_pool_with_its_arguments(pool: Pool) -> None:
    def work(first: int, *, second: int) -> tuple[int, str]:
        return first + second, threading.current_thread().name

    total, name = asyncio.run(pool.run(work, 1, second=2))

    assert 3 == total
    assert name.startswith("test")


def test_a_fault_of_the_work_reaches_its_caller(pool: Pool) -> None:
    def work() -> None:
        raise OperatorFault("No.")

    with pytest.raises(OperatorFault):
        asyncio.run(pool.run(work))


def test_what_is_too_much_is_refused_at_once_and_taken_later(pool: Pool) -> None:
    async def fill() -> list[int]:
        gate = Gate()
        held = pool.start(gate.work)
        waiting = pool.start(int)
        with pytest.raises(PoolFullError) as refused:
            await pool.run(int)
        assert refused.value.retry
        gate.may_end.set()
        async with within(SECONDS):
            await held
            return [await waiting, await pool.run(int, "7")]

    assert [0, 7] == asyncio.run(fill())


def test_no_more_runs_at_a_time_than_there_are_threads(pool: Pool) -> None:
    async def fill() -> None:
        first, second = Gate(), Gate()
        held, waiting = pool.start(first.work), pool.start(second.work)
        assert first.has_begun.wait(SECONDS)
        assert not second.has_begun.is_set()
        for gate in (first, second):
            gate.may_end.set()
        async with within(SECONDS):
            await asyncio.gather(held, waiting)

    asyncio.run(fill())


def test_work_goes_on_and_counts_though_its_caller_was_cancelled(pool: Pool) -> None:
    async def cancel() -> Gate:
        gate = Gate()
        caller = asyncio.ensure_future(pool.run(gate.work))
        await asyncio.to_thread(gate.has_begun.wait, SECONDS)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        waiting = pool.start(int)
        with pytest.raises(PoolFullError):
            pool.start(int)
        gate.may_end.set()
        async with within(SECONDS):
            await waiting
        return gate

    assert asyncio.run(cancel()).has_ended


def test_a_call_that_is_cancelled_before_it_began_never_runs_and_makes_room(pool: Pool) -> None:
    async def cancel() -> int:
        gate, never = Gate(), Gate()
        held, waiting = pool.start(gate.work), pool.start(never.work)
        assert gate.has_begun.wait(SECONDS)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)  # the loop tells the pool in its next turn
        last = pool.start(int, "7")
        gate.may_end.set()
        async with within(SECONDS):
            await held
            assert not never.has_begun.is_set()
            return await last

    assert 7 == asyncio.run(cancel())


def test_a_fault_that_nobody_waits_for_disturbs_nobody(pool: Pool) -> None:
    said: list[object] = []

    async def leave() -> int:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: said.append(what))
        pool.start(int, "no number")
        async with within(SECONDS):
            return await pool.run(int, "7")

    assert 7 == asyncio.run(leave())
    assert [] == said


def test_close_waits_for_what_runs() -> None:
    pool = Pool("test", threads=1, waiting=0)

    async def begin() -> Gate:
        gate = Gate()
        pool.start(gate.work)
        gate.may_end.set()
        await asyncio.to_thread(pool.close)
        return gate

    assert asyncio.run(begin()).has_ended
