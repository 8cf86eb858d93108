"""Who serves now, and that old records of sessions go."""

import asyncio
import io
from pathlib import Path

from pillarbox.app.pruning import Pruning
from pillarbox.app.servers import Presence, living
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool


def test_who_serves_is_known_until_it_leaves(tmp_path: Path) -> None:
    folder = tmp_path / "servers"
    nobody = living(folder)
    first, second = Presence(folder), Presence(folder)
    (folder / "cut-short").touch()
    both = living(folder)
    first.leave()

    assert (set(), {first.name, second.name}) == (set(nobody), set(both))
    assert {second.name} == set(living(folder))
    second.leave()


class FakeSessions:
    """Records that can be forgotten, or a database that cannot be written."""

    def __init__(self, *, is_broken: bool) -> None:
        self.is_broken = is_broken
        self.days: list[int] = []

    def prune(self, now: int, days: int) -> int:
        if self.is_broken:
            raise StoreFault("Input/output error.")
        self.days.append(days)
        return 1


def pruned(sessions: FakeSessions) -> str:
    journal, disk = io.StringIO(), Pool("disk", 1, 1)

    async def once() -> None:
        await Pruning(sessions, FakeClock(), 90, disk, Journal(journal, FakeClock())).run()
        await asyncio.to_thread(disk.close)

    asyncio.run(once())
    return journal.getvalue()


def test_old_records_go_as_the_policy_says_and_a_fault_is_noted() -> None:
    good, bad = FakeSessions(is_broken=False), FakeSessions(is_broken=True)

    assert ("", [90]) == (pruned(good), good.days)
    assert "sessions.unpruned why=" in pruned(bad)
