"""The chore that lets removed mail go for good: what went or failed to go is noted."""

import asyncio
import io

import pytest

from pillarbox.app.purging import Purging
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from pillarbox.store.purge import Purged


class FakePurge:
    """Lets go what it is told to, or fails."""

    def __init__(self, purged: Purged | None) -> None:
        self.purged = purged

    def run(self) -> Purged:
        if self.purged is None:
            raise StoreFault("Input/output error.")
        return self.purged


@pytest.mark.parametrize(
    ("purged", "noted"),
    [
        (Purged(5, 3), "messages.purged count=5 blobs=3"),
        (Purged(0, 1), "messages.purged count=0 blobs=1"),
        (Purged(0, 0), ""),
        (None, "purge.failed why="),
    ],
)
def test_what_goes_or_fails_to_is_noted(purged: Purged | None, noted: str) -> None:
    journal, disk = io.StringIO(), Pool("disk", 1, 1)

    async def once() -> None:
        await Purging(FakePurge(purged), disk, Journal(journal, FakeClock())).run()
        await asyncio.to_thread(disk.close)

    asyncio.run(once())

    assert noted in journal.getvalue()
    assert bool(noted) == bool(journal.getvalue())
