"""Collecting from a remote under a lease: one session, or several where the path breaks.

A run goes on after a cut for as long as each session brings something (manners.py says how often).
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pillarbox.archive.keep import Filed
from pillarbox.archive.ledger import Ledger
from pillarbox.base.clock import Clock
from pillarbox.base.errors import Fault, OperatorFault
from pillarbox.base.names import RemoteId
from pillarbox.client import connect as client
from pillarbox.client.faults import PipeliningFault, RemoteInUseFault
from pillarbox.collector.deadline import Deadline
from pillarbox.collector.doubt import in_doubt
from pillarbox.collector.intake import Intake, Keepers
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.manners import RESUME_SECONDS, RESUMES, Learned, resumes_after
from pillarbox.collector.outcome import Outcome, Result, outcome_of
from pillarbox.collector.plan import Step
from pillarbox.collector.progress import Progress, Silent
from pillarbox.collector.reach import Connect, reach
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

    async def collect(self, source: Source, progress: Progress) -> Result:
        """Return what came of one session; a Fault that ended it is in the result.

        What was kept before a fault stays kept, and is not fetched again.
        """
        result, _learned = await self._collect(source, progress, may_resume=False)
        return result

    async def run(self, source: Source, progress: Progress) -> tuple[Result, Learned]:
        """Return what came of one session, and of more of them where the path breaks.

        With it comes what they have learned of the server.
        """
        return await self._collect(source, progress, may_resume=True)

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

    async def _collect(
        self, source: Source, progress: Progress, *, may_resume: bool
    ) -> tuple[Result, Learned]:
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
            sessions = _Sessions(source, progress, deadline, learned)
            return await self._sessions(sessions, may_resume=may_resume)
        except Fault as fault:
            return Result(outcome_of(fault), fault=fault), learned
        finally:
            self._deadlines.discard(deadline)
            lease.release()

    async def _require(self, remote: RemoteId) -> None:
        # Whoever removes it needs the lease: from here on it stays.
        if not await asyncio.to_thread(self._ledger.has, remote):
            raise RemoteGoneFault("The remote was removed before it could be collected from.")

    async def _sessions(self, run: "_Sessions", *, may_resume: bool) -> tuple[Result, Learned]:
        run.leaves = may_resume
        rest: float | None = 0.0
        while rest is not None:
            try:
                async with run.deadline.bound():
                    await asyncio.sleep(rest)
            except Fault:
                break  # what the last session says is what came of it
            rest = run.note(await self._session(run))
            if not may_resume:
                break
        return run.result, run.learned

    async def _session(self, run: "_Sessions") -> Result:
        overheard = _Overheard(run, self._clock)
        intake = Intake(self._keepers, overheard)
        session = overheard.session = Session(run.source, self._ledger, self._clock, intake)
        session.troubled.leaves = run.leaves
        fault: Fault | None = None
        try:
            async with run.deadline.bound(), await reach(run.source, self._connect) as server:
                try:
                    await session.run(server, overheard)
                finally:
                    await run.learn(server)
        except Fault as raised:
            fault = raised.with_traceback(None)  # it would hold the session's listing
        finally:
            await intake.abandon()
        if fault is not None:
            await asyncio.to_thread(self._broke, run.source.remote, session, fault, intake)
        run.was_at = session.troubled
        return session.result(fault)

    def _broke(self, remote: RemoteId, session: Session, fault: Fault, intake: Intake) -> None:
        """Record what is in doubt, and at which message the session broke."""
        names = in_doubt(fault, intake.asked, intake.filed, session.troubled.to_come)
        now = int(self._clock.now())
        self._ledger.doubt(remote, names, now)
        session.troubled.broke(fault, intake.filed, now)


class _Sessions:
    """The sessions of one run, one after the other, and what they say together."""

    def __init__(
        self, source: Source, progress: Progress, deadline: Deadline, learned: Learned
    ) -> None:
        self.source = source
        self.progress = progress
        self.deadline = deadline
        self.learned = learned
        self.result = Result(Outcome.NONE)
        self.leaves = True  # what is stuck, until a session has done all the rest
        self.was_at: Troubled | None = None  # of the last session
        self._is_rest_done = False  # all but what is stuck
        self._tries = self._idle = 0

    def note(self, last: Result) -> float | None:
        """Take what came of a session; return the seconds before the next one, None for none."""
        fault, troubled = last.fault, self.was_at
        has_found = troubled is not None and troubled.has_found
        has_gained = bool(last.collected or last.known or last.removed or has_found)
        self._idle = 0 if has_gained else self._idle + 1
        self._tries += 1
        is_at_message = troubled is not None and troubled.broken_at is not None
        if self._is_rest_done and is_at_message:
            # What cannot be had is remarked on; all else went well.
            is_last, last = not has_gained, replace(last, fault=None, outcome=Outcome.SERVER)
        else:
            is_last = False
        self.result = together(self.result, last) if self._tries > 1 else last
        if isinstance(last.fault, PipeliningFault) and self.source.server.pipelining:
            self.source = replace(self.source, server=replace(self.source.server, pipelining=False))
            self.learned = replace(self.learned, has_failed_pipelining=True)
            return RESUME_SECONDS[0]
        if is_last or self._tries > RESUMES:
            return None
        delay = self.learned.login_delay_seconds
        if last.fault is None and troubled is not None and troubled.has_left:
            self.leaves, self._is_rest_done = False, True
            return max(RESUME_SECONDS[0], delay or 0)
        rest = resumes_after(fault, self._tries, self._idle, delay, is_at_message=is_at_message)
        if rest is not None:
            self.learned = replace(self.learned, resumed=self.learned.resumed + 1)
        return rest

    async def learn(self, server: Mailbox) -> None:
        """Take what the server has announced, which costs nothing once it has been listed."""
        if self.learned.logged_in_at is None:
            return
        with suppress(Fault):
            facts = await server.facts()
            self.learned = replace(
                self.learned,
                login_delay_seconds=facts.login_delay_seconds,
                expire_days=facts.expire_days,
            )


class _Overheard:
    """Progress on its way to whoever watches; the run hears of it too."""

    session: Session

    def __init__(self, run: _Sessions, clock: Clock) -> None:
        self._run = run
        self._clock = clock

    def planned(self, messages: int, octets: int) -> None:
        """Hear that we were let in, and how much there is to do."""
        listed = self.session.result(None).listed
        self._run.learned = replace(self._run.learned, logged_in_at=self._clock.now())
        self._run.deadline.found(listed, octets)
        self._run.progress.planned(messages, octets)

    def received(self, octets: int) -> None:
        """Pass it on."""
        self._run.progress.received(octets)

    def kept(self, filed: Filed) -> None:
        """Pass it on."""
        self._run.progress.kept(filed)


SUMMED = (
    "collected",
    "known",
    "octets",
    "removed",
    "elsewhere",
    "moved",
    "over_quota",
    "incomplete",
    "vanished",
)


def together(before: Result, last: Result) -> Result:
    """Return what two sessions of one run say together."""
    sums = {name: getattr(before, name) + getattr(last, name) for name in SUMMED}
    outcome = last.outcome
    if outcome is Outcome.NONE and before.collected:
        outcome = Outcome.MAIL
    stuck = last.stuck if last.listed else before.stuck
    listed = max(before.listed, last.listed)
    return replace(last, outcome=outcome, listed=listed, stuck=stuck, **sums)


def take_remote(leases: Path, remote: RemoteId) -> Lease | None:
    """Return the lease of a remote, None where somebody collects from it; raises StoreFault."""
    with said_as_store_fault(leases):
        leases.mkdir(parents=True, exist_ok=True, mode=0o700)
    return take_lease(leases / str(remote))
