"""Collecting from a remote under a lease: one session, or several where the path breaks.

A run goes on after a cut for as long as each session brings something (manners.py says how often).
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pillarbox.archive.ledger import Ledger
from pillarbox.base.clock import Clock
from pillarbox.base.errors import Fault, OperatorFault
from pillarbox.base.names import RemoteId
from pillarbox.client import connect as client
from pillarbox.client.faults import RemoteInUseFault
from pillarbox.collector.deadline import Deadline
from pillarbox.collector.intake import Intake, Keepers
from pillarbox.collector.manners import RESUMES, Learned
from pillarbox.collector.outcome import Outcome, Result, outcome_of
from pillarbox.collector.plan import Step
from pillarbox.collector.progress import Progress, Silent
from pillarbox.collector.reach import Connect, reach
from pillarbox.collector.run import Run
from pillarbox.collector.session import Session
from pillarbox.collector.source import Source
from pillarbox.collector.troubled import Troubled
from pillarbox.store.disk import said_as_store_fault
from pillarbox.store.lease import Lease, take_lease


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
        self._deadlines: set[Deadline] = set()

    async def run(
        self, source: Source, progress: Progress, resumes: int = RESUMES
    ) -> tuple[Result, Learned]:
        """Return what came of one session, and of at most so many more where the path breaks.

        A Fault that ended it is in the result; what was kept before stays kept, and is not fetched
        again. With it comes what was learned of the server.
        """
        learned = Learned(self._clock.now())
        try:
            # It never waits; in a thread, a cancel could lose it.
            lease = take_remote(self._leases, source.remote)
        except Fault as fault:
            return Result(outcome_of(fault), fault=fault), learned
        if lease is None:
            return Result(Outcome.LOCKED), learned
        deadline = Deadline(source.deadline_seconds)
        self._deadlines.add(deadline)
        try:
            await self._require(source.remote)
            return await self._sessions(Run(source, progress, deadline, learned, resumes))
        except Fault as fault:
            return Result(outcome_of(fault), fault=fault), learned
        finally:
            self._deadlines.discard(deadline)
            lease.release()

    async def rehearse(self, source: Source) -> Sequence[Step]:
        """Return what a session would begin with, and do nothing of it; raises a Fault."""
        lease = take_remote(self._leases, source.remote)
        if lease is None:
            raise RemoteInUseFault("Another process is collecting from it.")
        deadline = Deadline(source.deadline_seconds)
        intake = Intake(self._keepers, Silent())
        session = Session(source, self._ledger, self._clock, intake)
        try:
            async with deadline.bound(), await reach(source, self._connect) as server:
                return await session.rehearse(server)
        finally:
            lease.release()

    def stop(self) -> None:
        """End the sessions under way at once; their results say so, and what they kept stays."""
        for deadline in self._deadlines:
            deadline.stop()

    async def _require(self, remote: RemoteId) -> None:
        # Whoever removes it needs the lease: from here on it stays.
        if not await asyncio.to_thread(self._ledger.has, remote):
            raise RemoteGoneFault("The remote was removed before it could be collected from.")

    async def _sessions(self, run: Run) -> tuple[Result, Learned]:
        rest: float | None = 0.0
        while rest is not None:
            try:
                async with run.deadline.bound():
                    await asyncio.sleep(rest)
            except Fault:
                break  # what the last session says is what came of it
            rest = run.note(*await self._session(run))
        return run.result, run.learned

    async def _session(self, run: Run) -> tuple[Result, Troubled]:
        intake = Intake(self._keepers, run.progress)
        session = Session(run.source, self._ledger, self._clock, intake)
        session.troubled.leaves = run.leaves
        fault: Fault | None = None
        try:
            async with run.deadline.bound(), await reach(run.source, self._connect) as server:
                try:
                    await session.run(server, partial(run.planned, self._clock))
                finally:
                    await run.learn(server)
        except Fault as raised:
            fault = _let_go(raised)
        finally:
            await intake.abandon()
        if fault is not None:
            await asyncio.to_thread(self._broke, run.source.remote, session, fault, intake)
        return session.result(fault), session.troubled

    def _broke(self, remote: RemoteId, session: Session, fault: Fault, intake: Intake) -> None:
        """Record what is in doubt, and at which message the session broke."""
        now = int(self._clock.now())
        self._ledger.doubt(remote, session.in_doubt(fault), now)
        session.troubled.broke(fault, intake.filed, now)


def _let_go(fault: Fault) -> Fault:
    """Return a fault that holds nothing of its session any more; nor does what led to it."""
    error: BaseException | None = fault
    while error is not None:
        error.__traceback__ = None
        error = error.__context__
    return fault


def take_remote(leases: Path, remote: RemoteId) -> Lease | None:
    """Return the lease of a remote, None where somebody collects from it; raises StoreFault."""
    with said_as_store_fault(leases):
        leases.mkdir(parents=True, exist_ok=True, mode=0o700)
    return take_lease(leases / str(remote))
