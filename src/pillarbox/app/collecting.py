"""Collecting from all remotes: each when its turn is, so many at a time, as its server may bear.

Asked once or for as long as it is to go on; by the command line and while serving.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System
from pillarbox.app.remote_secrets import another_secret
from pillarbox.app.sources import source_now
from pillarbox.app.standing import passed_over, refuse_too_early
from pillarbox.app.watcher import Ended, Watcher
from pillarbox.archive.remote_states import RemoteState, RemoteStates, Stale
from pillarbox.base.errors import Fault, StoreFault
from pillarbox.base.names import RemoteId
from pillarbox.client import connect as client
from pillarbox.client.faults import NotAcceptedFault
from pillarbox.collector.collect import Collector, RemoteGoneFault
from pillarbox.collector.intake import Keepers
from pillarbox.collector.manners import (
    Learned,
    StoppedFault,
    after,
    expires_early,
)
from pillarbox.collector.outcome import Outcome, Result, outcome_of
from pillarbox.collector.progress import Progress
from pillarbox.collector.reach import Connect
from pillarbox.collector.source import Source
from pillarbox.collector.turn import is_stale, login_at, since_of, turn_of

AT_ONCE = 32  # sessions in all: each holds a connection and some buffers
THREADS = 2 * AT_ONCE  # a name or a password that nobody answers for keeps one for a while
FAULT_REST_SECONDS = 60.0  # where not even the state can be written
BUG_REST_SECONDS = 3_600.0  # what has died of a mistake of ours will do so again


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the remotes are looked at, and how long sessions have to end; seconds."""

    look: float = 2.0  # what is changed by another process is seen so much later
    drain: float = 10.0  # for sessions under way when we are told to stop


PASSED_OVER = Result(Outcome.NONE)  # and nobody is told


class Collecting:
    """Collects for one process; made on its event loop, and closed by whoever made it."""

    def __init__(
        self,
        system: System,
        watcher: Watcher,
        connect: Connect = client.connect,
        pace: Pace = Pace(),
    ) -> None:
        self._system = system
        self._watcher = watcher
        self._pace = pace
        self._states = RemoteStates(system.database)
        self._keepers = Keepers(system.archive)
        self._collector = Collector(
            self._keepers, system.ledger, system.home.remote_leases, system.clock, connect
        )
        self._all = asyncio.Semaphore(AT_ONCE)
        most = system.collect.sessions_per_server
        self._hosts = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(most))
        self._running: dict[RemoteId, asyncio.Task[Ended]] = {}
        self._not_before: dict[RemoteId, float] = {}
        self._stopping = asyncio.Event()
        self._watching: asyncio.Future[None] | None = None

    async def once(self, remotes: Sequence[Remote], *, are_named: bool) -> list[Ended]:
        """Collect from each now; return what came of it in the same order.

        Those that rest after failures are left alone unless a person names them; LOGIN-DELAY is
        honoured either way.
        """
        _allow_waiting()
        runs = [self._start(remote, is_named=are_named) for remote in remotes]
        stopping = asyncio.ensure_future(self._stop_with(runs))
        try:
            ended = list(await asyncio.gather(*runs))
        finally:
            stopping.cancel()
        await self._tell_stale()
        return ended

    async def watch(self, names: Collection[str] = ()) -> None:
        """Collect from each remote when its turn is, until `stop`; from all where none is named.

        What is added, changed, paused or removed meanwhile is seen at the next look.
        """
        _allow_waiting()
        while not self._stopping.is_set():
            try:
                await self._look(names)
            except Fault as fault:
                self._watcher.failed(fault)
            try:
                await asyncio.wait_for(self._stopping.wait(), self._pace.look)
            except TimeoutError:
                continue
        await self._drain(list(self._running.values()))

    def stop(self) -> None:
        """Begin no more sessions, and end those under way soon; said again, at once."""
        if self._stopping.is_set():
            self._collector.stop()
        self._stopping.set()

    def close(self) -> None:
        """End the threads."""
        self._keepers.close()

    def start(self) -> None:
        """Watch all remotes in a task of its own, until `end`."""
        self._watching = asyncio.ensure_future(self.watch())
        self._watching.add_done_callback(_say_death)

    async def end(self) -> None:
        """Stop, wait for what is under way, and end the threads."""
        self.stop()
        try:
            if self._watching is not None:
                await self._watching
        finally:
            self.close()

    async def _stop_with(self, runs: Sequence["asyncio.Task[Ended]"]) -> None:
        await self._stopping.wait()
        await self._drain(runs)

    async def _drain(self, runs: Iterable["asyncio.Task[Ended]"]) -> None:
        waiting = set(runs)
        if waiting:
            _done, waiting = await asyncio.wait(waiting, timeout=self._pace.drain)
        while waiting:  # one that connects just now hears it a moment later
            self._collector.stop()
            _done, waiting = await asyncio.wait(waiting, timeout=1)

    async def _look(self, names: Collection[str]) -> None:
        busy = set(self._running)  # one that ends from now on may have changed behind what is read
        remotes = await asyncio.to_thread(self._system.remotes.list)
        states = await asyncio.to_thread(self._states.all)
        now = self._system.clock.now()
        wanted = [each for each in remotes if not each.paused_at]
        for remote in wanted:
            is_meant = not names or remote.name in names
            state = states.get(remote.id, RemoteState())
            if is_meant and remote.id not in busy and self._turn(remote, state) <= now:
                self._start(remote, is_named=False)
        await self._tell_stale()

    def _turn(self, remote: Remote, state: RemoteState) -> float:
        every, now = self._system.collect.interval_seconds, self._system.clock.now()
        not_before = self._not_before.get(remote.id, 0)
        if not_before > now + BUG_REST_SECONDS:
            not_before = 0  # the clock was put back
        return max(turn_of(remote, state, every, now), not_before)

    def _start(self, remote: Remote, *, is_named: bool) -> "asyncio.Task[Ended]":
        task = asyncio.create_task(self._one(remote, is_named=is_named))
        self._running[remote.id] = task
        task.add_done_callback(lambda task: self._over(remote, task))
        return task

    def _over(self, remote: Remote, task: "asyncio.Task[Ended]") -> None:
        del self._running[remote.id]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._not_before[remote.id] = self._system.clock.now() + BUG_REST_SECONDS
            message = f"Collecting from {remote.name} has died."
            asyncio.get_running_loop().call_exception_handler(
                {"message": message, "exception": error, "task": task}
            )

    async def _one(self, remote: Remote, *, is_named: bool) -> Ended:
        async with self._hosts[remote.settings.host.lower()], self._all:
            ended = await self._run(remote, is_named=is_named)
        if ended.result is not PASSED_OVER:
            self._watcher.ended(ended)
        return ended

    async def _run(self, remote: Remote, *, is_named: bool) -> Ended:
        began = self._system.clock.now()
        state, learned = RemoteState(), Learned(began)
        try:
            known = await asyncio.to_thread(self._as_it_is, remote.id)
            state = await asyncio.to_thread(self._states.of, remote.id)
            if not is_named and not _may_begin(known, state, began):
                return Ended(remote, PASSED_OVER, state)  # nothing is wrong
            remote = _require(known)
            refuse_too_early(remote, state, began, is_named=is_named)
            if self._stopping.is_set():
                raise StoppedFault("We were told to stop before its turn came.")
        except Fault as fault:
            self._not_before[remote.id] = began + FAULT_REST_SECONDS
            return Ended(remote, passed_over(fault, state), state)
        progress = self._watcher.begins(remote)
        try:
            source = await asyncio.to_thread(source_now, self._system, remote, state)
            result, learned = await self._collected(remote, source, progress)
        except Fault as fault:
            result = Result(outcome_of(fault), fault=fault)
        now = await self._note(remote, state, result, learned)
        is_news = now.expire_days != state.expire_days
        is_early = expires_early(remote.settings.leave, now.expire_days)
        return Ended(remote, result, now, now.expire_days if is_news and is_early else None)

    def _as_it_is(self, remote: RemoteId) -> Remote | None:
        """Return a remote as it is now, where it is still there: it may have waited long."""
        found = self._system.remotes.list()
        return next((each for each in found if each.id == remote), None)

    async def _collected(
        self, remote: Remote, source: Source, progress: Progress
    ) -> tuple[Result, Learned]:
        """Return what came of a run; a token that was refused before its time is renewed once."""
        ran = await self._collector.run(source, progress)
        if not isinstance(ran[0].fault, NotAcceptedFault):
            return ran
        other = await asyncio.to_thread(another_secret, self._system, remote, source.password)
        if other is None:
            return ran
        return await self._collector.run(replace(source, password=other), progress)

    async def _note(
        self, remote: Remote, state: RemoteState, result: Result, learned: Learned
    ) -> RemoteState:
        now, chance = self._system.clock.now(), random.SystemRandom().random()

        def noted(known: RemoteState) -> RemoteState:
            ended = after(known, result, learned, now, chance)
            # What failed is the remote as it was: as it is now it has a try of its own.
            return ended if known.edits == state.edits else replace(ended, failures=0, next_at=0)

        if result.outcome is Outcome.LOCKED and result.fault is None:
            self._not_before[remote.id] = now + FAULT_REST_SECONDS
        try:
            return await asyncio.to_thread(self._states.change, remote.id, noted)
        except StoreFault:  # what came could not be kept either, and the result says so
            self._not_before[remote.id] = now + FAULT_REST_SECONDS
            return state

    async def _tell_stale(self) -> None:
        try:
            told = await asyncio.to_thread(self._find_stale)
        except Fault as fault:
            self._watcher.failed(fault)
            return
        for stale in told:
            self._watcher.stale(stale)

    def _find_stale(self) -> list[Stale]:
        now, every = self._system.clock.now(), self._system.collect.interval_seconds
        states = {each: state for each, state in self._states.all().items() if state.failures}
        if not states:
            return []
        found = [
            Stale(
                remote.id,
                remote.name,
                remote.settings.account,
                since_of(remote, state),
                state.outcome,
            )
            for remote in self._system.remotes.list()
            if (state := states.get(remote.id)) and is_stale(remote, state, every, now)
        ]
        return self._states.tell_stale(found, int(now)) if found else []


def _say_death(watching: "asyncio.Future[None]") -> None:
    """Say at once what `end` will raise late: nothing is collected any more."""
    error = None if watching.cancelled() else watching.exception()
    if error is not None:
        message = "Collecting has died."
        watching.get_loop().call_exception_handler({"message": message, "exception": error})


def _allow_waiting() -> None:
    """Let what waits in a thread, as for a name server, keep no other from a thread."""
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="collecting")
    asyncio.get_running_loop().set_default_executor(threads)


def _may_begin(remote: Remote | None, state: RemoteState, now: float) -> bool:
    return remote is not None and not remote.paused_at and login_at(state, now) <= now


def _require(remote: Remote | None) -> Remote:
    if remote is None:
        raise RemoteGoneFault("The remote was removed before it could be collected from.")
    return remote
