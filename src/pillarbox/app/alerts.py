"""Telling alerts: the oldest first, each by every way there is, and again where one fails."""

import asyncio
from collections.abc import Sequence

from pillarbox.app.alert_ways import SECONDS, Way
from pillarbox.app.chores import faults_noted
from pillarbox.base.errors import Fault
from pillarbox.journal.alerts import Alert, Alerts
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool

EVERY_SECONDS = 5.0  # one look at an index
REST_SECONDS = 30  # after the first try, then twice as long each time
LONGEST_REST_SECONDS = 3_600
TRIES_COUNTED = 10  # beyond this the rest is the longest anyway
AT_A_TIME = 100  # alerts; the rest a few seconds later


class Telling:
    """Tells what waits, for as many processes as there are: an alert is claimed before."""

    def __init__(self, alerts: Alerts, ways: Sequence[Way], disk: Pool, journal: Journal) -> None:
        self._alerts = alerts
        self._ways = ways
        self._disk = disk
        self._journal = journal
        self._lease_seconds = int(2 * SECONDS * (len(ways) + 1))  # more than all of them take

    async def run(self) -> None:
        """Tell what waits now; a fault goes into the journal, and the next time may do better."""
        if not self._ways:
            return
        with faults_noted(self._journal, "alerts.failed"):
            for _ in range(AT_A_TIME):
                alert = await self._disk.run(self._alerts.claim, self._lease_seconds)
                if alert is None:
                    return
                await self._tell(alert)

    async def _tell(self, alert: Alert) -> None:
        left = [way for way in self._ways if way.name not in alert.told_by]
        told = [await self._tell_by(way, alert) for way in left]
        if all(told):
            await self._disk.run(self._alerts.close, alert)
        else:
            await self._disk.run(self._alerts.put_off, alert, rest_after(alert.tries))

    async def _tell_by(self, way: Way, alert: Alert) -> bool:
        """Say whether somebody was told; which is noted at once, so that it is not done twice."""
        try:
            async with asyncio.timeout(SECONDS):
                await way.tell(alert)
        except TimeoutError:
            self._note_failed(way, alert, f"not told within {SECONDS:g} seconds")
            return False
        except Fault as fault:
            self._note_failed(way, alert, fault)
            return False
        await self._disk.run(self._alerts.note_told, alert, way.name)
        self._journal.note("alert.told", alert=alert.number, kind=alert.kind, by=way.name)
        return True

    def _note_failed(self, way: Way, alert: Alert, why: object) -> None:
        self._journal.note(
            "alert.failed", alert=alert.number, kind=alert.kind, by=way.name, why=why
        )


def rest_after(tries: int) -> int:
    """Return the seconds to wait after so many tries, 1 or more."""
    return min(LONGEST_REST_SECONDS, REST_SECONDS << min(tries - 1, TRIES_COUNTED))
