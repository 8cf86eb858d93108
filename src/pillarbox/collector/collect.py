"""Collecting from a remote: one session under a lease, and what came of it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from pillarbox.accounts.remotes import Protocol
from pillarbox.archive.ledger import Ledger
from pillarbox.base.clock import Clock
from pillarbox.base.errors import Fault, OperatorFault
from pillarbox.base.names import RemoteId
from pillarbox.client import connect as client
from pillarbox.client.imap import connect as imap
from pillarbox.client.server import Server
from pillarbox.collector.intake import Intake, Keepers
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.outcome import Outcome, Result, outcome_of
from pillarbox.collector.progress import Progress
from pillarbox.collector.session import Session
from pillarbox.collector.source import Source
from pillarbox.net.deadline import within
from pillarbox.store.disk import said_as_store_fault
from pillarbox.store.lease import Lease, take_lease

Connect = Callable[[Server], Awaitable[Mailbox]]


class RemoteGoneFault(OperatorFault):
    """Somebody removed the remote between our reading of it and our lease."""


class Collector:
    """Collects from any number of remotes at once; each by one process at a time.

    `leases` is the folder of the locked files that see to that.
    """

    def __init__(
        self,
        keepers: Keepers,
        ledger: Ledger,
        leases: Path,
        clock: Clock,
        connect: Connect = client.connect,
    ) -> None:
        self._keepers = keepers
        self._ledger = ledger
        self._leases = leases
        self._clock = clock
        self._connect = connect

    async def collect(self, source: Source, progress: Progress) -> Result:
        """Return what came of one session; a Fault that ended it is in the result.

        What was kept before a fault stays kept, and is not fetched again.
        """
        try:
            # It never waits; in a thread, a cancel could lose it.
            lease = take_remote(self._leases, source.remote)
        except Fault as fault:
            return Result(outcome_of(fault), fault=fault)
        if lease is None:
            return Result(Outcome.LOCKED)
        try:
            await self._require(source.remote)
            return await self._run(source, progress)
        except Fault as fault:
            return Result(outcome_of(fault), fault=fault)
        finally:
            lease.release()

    async def _require(self, remote: RemoteId) -> None:
        # Whoever removes it needs the lease: from here on it stays.
        if not await asyncio.to_thread(self._ledger.has, remote):
            raise RemoteGoneFault("The remote was removed before it could be collected from.")

    async def _reach(self, source: Source) -> Mailbox:
        if source.protocol is Protocol.IMAP:
            return await imap.connect(source.server, source.folders)
        return await self._connect(source.server)

    async def _run(self, source: Source, progress: Progress) -> Result:
        intake = Intake(self._keepers, progress)
        session = Session(source, self._ledger, self._clock, intake)
        fault: Fault | None = None
        try:
            async with (
                within(source.deadline_seconds),
                await self._reach(source) as server,
            ):
                await session.run(server, progress)
        except Fault as raised:
            fault = raised
        finally:
            await intake.abandon()
        return session.result(fault)


def take_remote(leases: Path, remote: RemoteId) -> Lease | None:
    """Return the lease of a remote, None where somebody collects from it; raises StoreFault."""
    with said_as_store_fault(leases):
        leases.mkdir(parents=True, exist_ok=True, mode=0o700)
    return take_lease(leases / str(remote))
