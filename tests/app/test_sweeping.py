"""What guesses leave behind is swept from time to time."""

import asyncio
import io
from collections.abc import Callable

import pytest

from pillarbox.accounts.auth_cache import AuthCache
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.app.chores import Sweeping
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool


class FakeThrottle(Throttle):
    """Sweeps nothing, or fails."""

    def __init__(self, sweep: Callable[[], int]) -> None:
        self._sweep = sweep

    def sweep(self) -> int:
        return self._sweep()


def fail() -> int:
    raise StoreFault("Input/output error.")


@pytest.mark.parametrize(
    ("sweep", "noted"), [(lambda: 1, []), (fail, ['throttle.unswept why="Input/output error."'])]
)
def test_a_fault_is_noted_and_no_more(sweep: Callable[[], int], noted: list[str]) -> None:
    journal, disk, clock = io.StringIO(), Pool("disk", 1, 1), FakeClock()
    chore = Sweeping(FakeThrottle(sweep), AuthCache(clock, 60), disk, Journal(journal, clock))

    async def once() -> None:
        await chore.run()
        await asyncio.to_thread(disk.close)

    asyncio.run(once())

    assert noted == [line.partition(" ")[2] for line in journal.getvalue().splitlines()]
