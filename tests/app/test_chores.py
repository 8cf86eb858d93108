"""What is done beside the sessions: old mail leaves, faults are noted, and nothing outlives us."""

import asyncio
import io

import pytest

from pillarbox.app.chores import EndingWatch, Retirement, doing
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import Bug, StoreFault
from pillarbox.base.names import AccountId, Ended
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool


class FakeRetention:
    """Takes out as many messages as it is told to, or fails."""

    def __init__(self, count: int | None) -> None:
        self.count = count
        self.days: list[int] = []

    def retire(self, days: int) -> int:
        self.days.append(days)
        if self.count is None:
            raise StoreFault("Input/output error.")
        return self.count


def retired(days: int, count: int | None) -> tuple[list[int], str]:
    """Return the days that were asked for, and the journal."""
    retention, journal, disk = FakeRetention(count), io.StringIO(), Pool("disk", 1, 1)

    async def once() -> None:
        await Retirement(retention, days, disk, Journal(journal, FakeClock())).run()
        await asyncio.to_thread(disk.close)

    asyncio.run(once())
    return retention.days, journal.getvalue()


def test_without_a_policy_nothing_is_ever_asked_to_leave() -> None:
    assert ([], "") == retired(0, 5)


@pytest.mark.parametrize(
    ("count", "noted"),
    [(5, "messages.retired count=5 days=30"), (0, ""), (None, "retention.failed why=")],
)
def test_what_leaves_or_fails_to_is_noted(count: int | None, noted: str) -> None:
    days, journal = retired(30, count)

    assert [30] == days
    assert noted in journal
    assert bool(noted) == bool(journal)


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
