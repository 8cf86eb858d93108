"""Weeks with three devices, on a clock that the test moves: each gets each message once."""

import asyncio
import io
import random
from collections import Counter
from pathlib import Path

import pytest

from pillarbox.app.chores import Retirement
from pillarbox.base.names import Identity
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from tests.store.devices import Household

DAYS = 40


class Weeks:
    """A household that gets mail every day, and whose devices poll when they like."""

    def __init__(self, folder: Path) -> None:
        self.household = Household(folder)
        self.devices = [
            self.household.add_device("master"),
            self.household.add_device(),
            self.household.add_device(),
        ]
        self.fetched: dict[Identity, Counter[str]] = {each: Counter() for each in self.devices}
        self.journal = io.StringIO()
        self._random = random.Random(4)
        self._disk = Pool("disk", 1, 1)
        journal = Journal(self.journal, self.household.clock)
        self._chore = Retirement(self.household.retention, self._disk, journal)

    async def live(self, days: int) -> None:
        """Let days pass, with mail, visits in any order, and the chore at night."""
        for _ in range(days):
            self.household.deliver()
            for device in self._random.sample(
                self.devices, self._random.randint(0, len(self.devices))
            ):
                self.fetch(device)
            self.household.wait(days=1)
            await self._chore.run()
        await asyncio.to_thread(self._disk.close)

    def fetch(self, device: Identity) -> None:
        """Fetch what the device has not had, and delete it, as mail programs do."""
        shown = self.household.shown(device)
        new = [each for each in shown if each not in self.fetched[device]]
        self.household.visit(device, had=new, marked=new)
        self.fetched[device].update(new)


@pytest.mark.slow
def test_three_devices_get_each_message_once_and_the_maildrop_is_empty_then(
    tmp_path: Path,
) -> None:
    weeks = Weeks(tmp_path)
    asyncio.run(weeks.live(DAYS))
    for device in weeks.devices:
        weeks.fetch(device)
    weeks.household.settle()

    for device in weeks.devices:
        assert [1] * DAYS == list(weeks.fetched[device].values())
    assert [] == weeks.household.maildrop()
    weeks.household.database.close()


@pytest.mark.slow
def test_the_chore_lets_go_what_a_device_that_is_lost_never_fetched(tmp_path: Path) -> None:
    weeks = Weeks(tmp_path)
    lost = weeks.devices.pop()
    asyncio.run(weeks.live(DAYS))

    assert "messages.retired why=reach count=" in weeks.journal.getvalue()
    assert len(weeks.household.shown(lost)) < DAYS
    weeks.household.database.close()
