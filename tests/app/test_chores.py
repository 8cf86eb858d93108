"""What is done beside the sessions: old mail leaves, faults are noted, and nothing outlives us."""

import asyncio
import io
from collections.abc import Mapping

import pytest

from pillarbox.app.chores import EndingWatch, QuotaWatch, Retirement, doing
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import Bug, StoreFault
from pillarbox.base.names import AccountId, Ended
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from pillarbox.store.views.leaving import Why


class FakeRetention:
    """Takes out so many messages and says why, or fails."""

    def __init__(self, counts: Mapping[Why, int] | None) -> None:
        self.counts = counts

    def retire(self) -> Mapping[Why, int]:
        if self.counts is None:
            raise StoreFault("Input/output error.")
        return self.counts


def retired(counts: Mapping[Why, int] | None) -> list[str]:
    """Return the journal without its times."""
    journal, disk = io.StringIO(), Pool("disk", 1, 1)

    async def once() -> None:
        await Retirement(FakeRetention(counts), disk, Journal(journal, FakeClock())).run()
        await asyncio.to_thread(disk.close)

    asyncio.run(once())
    return [line.partition(" ")[2] for line in journal.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("counts", "noted"),
    [
        ({}, []),
        (
            {Why.RETENTION: 5, Why.ALL_HAVE: 1},
            ["messages.retired why=retention count=5", "messages.retired why=all-have count=1"],
        ),
        (None, ['retention.failed why="Input/output error."']),
    ],
)
def test_what_leaves_or_fails_to_is_noted(
    counts: Mapping[Why, int] | None, noted: list[str]
) -> None:
    assert noted == retired(counts)


def test_quotas_that_cannot_be_read_are_noted() -> None:
    journal, disk = io.StringIO(), Pool("disk", 1, 1)

    def fail() -> None:
        raise StoreFault("Input/output error.")

    async def once() -> None:
        await QuotaWatch(fail, disk, Journal(journal, FakeClock())).look()
        await asyncio.to_thread(disk.close)

    asyncio.run(once())
    assert journal.getvalue().endswith('quotas.unread why="Input/output error."\n')


def test_chores_are_done_at_once_and_again_until_the_block_ends() -> None:
    done: list[str] = []
    is_enough = asyncio.Event()

    async def often() -> None:
        done.append("often")
        if done.count("often") == 3:
            is_enough.set()

    async def once() -> None:
        done.append("once")

    async def block() -> None:
        async with doing((often, 0), (once, 3600)):
            await is_enough.wait()
        before = len(done)
        await asyncio.sleep(0.01)
        assert before == len(done)

    asyncio.run(block())

    assert 1 == done.count("once")


def test_a_chore_that_dies_of_a_mistake_of_ours_is_seen() -> None:
    async def dies() -> None:
        raise Bug("A chore broke a rule.")

    async def block() -> None:
        async with doing((dies, 3600)):
            await asyncio.sleep(0.01)

    with pytest.raises(Bug, match="broke a rule"):
        asyncio.run(block())


class FakeEndings:
    """Sessions that are to end, or a database that cannot be read."""

    def __init__(self) -> None:
        self.known = [Ended(1, AccountId(1), None)]
        self.is_broken = False

    def mark(self) -> int:
        return self.known[-1].number

    def since(self, mark: int) -> list[Ended]:
        if self.is_broken:
            raise StoreFault("Input/output error.")
        return [ended for ended in self.known if ended.number > mark]


def test_each_end_is_heard_once_and_a_fault_loses_none() -> None:
    endings, journal, disk = FakeEndings(), io.StringIO(), Pool("disk", 1, 1)
    heard: list[Ended] = []
    later = Ended(2, AccountId(1), None)

    async def look_three_times() -> None:
        watch = EndingWatch(endings, heard.append, disk, Journal(journal, FakeClock()))
        endings.known.append(later)
        for is_broken in (True, False, False):
            endings.is_broken = is_broken
            await watch.look()
        await asyncio.to_thread(disk.close)

    asyncio.run(look_three_times())

    assert [later] == heard
    assert "endings.unread why=" in journal.getvalue()
