"""One session with a remote: plan, look, fetch, keep; then, and only then, remove.

RFC 1939, section 6: the server removes what was marked when it answers QUIT. A message is marked
only when it is durable here, with its ledger row.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

from pillarbox.archive.keep import Origin
from pillarbox.archive.ledger import Ledger, Removal
from pillarbox.base.clock import Clock
from pillarbox.base.errors import Fault, PeerFault
from pillarbox.client.alive import kept_alive
from pillarbox.client.faults import RefusedFault
from pillarbox.client.listing import Listed
from pillarbox.collector.intake import Intake
from pillarbox.collector.looking import Looking
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.manners import RESUME_DELAY_SECONDS
from pillarbox.collector.outcome import Outcome, Result, many_vanished, outcome_of
from pillarbox.collector.plan import (
    Fetch,
    Peek,
    Reason,
    Remove,
    Situation,
    Skip,
    Step,
    plan,
    settled,
    without_shared_names,
)
from pillarbox.collector.progress import Progress
from pillarbox.collector.source import Source
from pillarbox.collector.troubled import Troubled

UNKNOWN = {Reason.LIMIT, Reason.BY_RULE, Reason.HEADER_ONLY}  # it may be another message
VERIFIED_AT_ONCE = 100  # messages; between two such rows of them, a stop or a deadline is heard


class Session:
    """What one session has done so far."""

    def __init__(self, source: Source, ledger: Ledger, clock: Clock, intake: Intake) -> None:
        self._source = source
        self._ledger = ledger
        self._clock = clock
        self._intake = intake
        self._listed = self._refused = self._removed = self._perhaps_removed = 0
        self._moved = self._damaged = self._vanished = 0
        self._skipped: Counter[Reason] = Counter()
        self.troubled = Troubled(ledger.troubles, source.remote)

    async def run(self, server: Mailbox, progress: Progress) -> None:
        """Do all there is to do; raises a Fault where the session cannot go on."""
        listing, there = await self._list(server)
        await asyncio.to_thread(self._settle, listing, there)
        await self._stay_where_logins_are_rare(server)
        situation = await self._look(server, listing, there, is_rehearsal=False)
        self._moved = sum(_is_moved(each, situation) for each in listing)
        wanted = await asyncio.to_thread(self._wanted, listing, situation)
        progress.planned(len(wanted), sum(fetch.listed.octets for fetch in wanted))
        await self._fetch(server, wanted)
        async with kept_alive(server):  # a disk may be slower than a server waits
            await self._intake.settle()
        await asyncio.to_thread(self.troubled.ended_well, self._intake.filed)
        await self._leave(server, listing)

    async def rehearse(self, server: Mailbox) -> Sequence[Step]:
        """Return what a session would begin with; nothing is fetched, written or removed."""
        listing, there = await self._list(server)
        situation = await self._look(server, listing, there, is_rehearsal=True)
        steps = await asyncio.to_thread(self._rehearsed, listing, situation)
        with suppress(PeerFault):
            await server.quit()
        return steps

    def result(self, fault: Fault | None) -> Result:
        """Return what was done, and how the session ended."""
        filed = self._intake.filed.values()
        collected = sum(message.is_new for message in filed)
        skipped = self._skipped
        return Result(
            self._outcome(fault, collected),
            listed=self._listed,
            collected=collected,
            known=len(filed) - collected,
            refused=self._refused,
            octets=sum(message.octets for message in filed),
            removed=self._removed,
            perhaps_removed=self._perhaps_removed,
            elsewhere=sum(message.elsewhere is not None for message in filed),
            moved=self._moved,
            headers=skipped[Reason.HEADER_ONLY],
            skipped=skipped[Reason.BY_RULE],
            held_back=skipped[Reason.LIMIT],
            over_quota=sum(message.is_over_quota for message in filed),
            incomplete=sum(bool(message.missing_octets) for message in filed),
            damaged=self._damaged,
            vanished=self._vanished,
            stuck=self.troubled.stuck(),
            fault=fault,
        )

    def _outcome(self, fault: Fault | None, collected: int) -> Outcome:
        if fault is not None:
            return outcome_of(fault)
        if self._refused or self.troubled.knows_any:
            return Outcome.SERVER
        return Outcome.MAIL if collected else Outcome.NONE

    async def _stay_where_logins_are_rare(self, server: Mailbox) -> None:
        """Leave nothing to a session that would have to wait long for its login."""
        if self.troubled.leaves and self.troubled.knows_any:
            delay = (await server.facts()).login_delay_seconds or 0
            self.troubled.leaves = delay <= RESUME_DELAY_SECONDS

    async def _list(self, server: Mailbox) -> tuple[list[Listed], set[str]]:
        await server.login(self._source.user, self._source.password)
        # RFC 1939 gives listings no order; the newest have the highest numbers.
        listed = await server.listing()
        listed.sort(key=lambda each: each.number)
        listing = without_shared_names(listed)
        self._listed = len(listing)
        return listing, {listed.unique_id for listed in listing if listed.unique_id}

    def _settle(self, listing: Sequence[Listed], there: Collection[str]) -> None:
        """Record what a listing tells, and what became of removals that nobody was sure of."""
        remote = self._source.remote
        answers = list(settled(there, self._ledger.unsure(remote)))
        for removal in (Removal.NONE, Removal.DONE):
            names = [name for name, found in answers if found is removal]
            self._ledger.note(remote, names, removal)
        self.troubled.listed(listing, self._clock.now())

    async def _look(
        self, server: Mailbox, listing: list[Listed], there: set[str], *, is_rehearsal: bool
    ) -> Situation:
        archive = self._intake.archive
        looking = Looking(self._source, self._ledger, archive, is_rehearsal=is_rehearsal)
        return await looking.look(server, listing, there, self._clock.now())

    def _wanted(self, listing: Sequence[Listed], situation: Situation) -> list[Fetch]:
        wanted: list[Fetch] = []
        doubtful: set[str] = set()
        with self._ledger.reading(self._source.remote) as known:
            in_order = self.troubled.in_order(listing)
            steps = plan(in_order, known, self._source.terms, situation)
            for step in map(_held, steps):
                if isinstance(step, Skip):
                    self._skipped[step.reason] += 1
                if isinstance(step, Fetch):
                    wanted.append(step)
                if isinstance(step, Fetch) or step.reason in UNKNOWN:
                    doubtful.add(step.listed.unique_id or "")
        there = {listed.unique_id or "" for listed in listing}
        remote = self._source.remote
        gone, before = self._ledger.note_listing(remote, there, situation.now, doubtful)
        self._vanished = many_vanished(gone - self._moved, before - self._moved)
        return self.troubled.chosen(wanted, situation.now)

    def _rehearsed(self, listing: Sequence[Listed], situation: Situation) -> list[Step]:
        with self._ledger.reading(self._source.remote) as known:
            return [_held(step) for step in plan(listing, known, self._source.terms, situation)]

    async def _fetch(self, server: Mailbox, wanted: Sequence[Fetch]) -> None:
        steps = {fetch.listed.number: fetch for fetch in wanted}
        await asyncio.to_thread(self.troubled.begin, wanted, self._clock.now())
        async with aclosing(server.retrieve(steps)) as messages:
            async for number, chunks in messages:
                self.troubled.comes(number)
                try:
                    await self._intake.take(number, self._origin(steps[number]), chunks)
                except RefusedFault:
                    self._refused += 1
                self.troubled.came(number)

    def _origin(self, fetch: Fetch) -> Origin:
        source, decision = self._source, fetch.decision
        return Origin(
            source.remote,
            source.accounts.get(decision.account or "", source.account),
            fetch.listed.unique_id,
            fetch.listed.octets,
            source.into_maildrop,
            decision.set_aside,
            decision.tags,
            decision.rule,
        )

    # What is kept may go.

    async def _leave(self, server: Mailbox, listing: Sequence[Listed]) -> None:
        marked = await self._mark(server, await self._due(server, listing))
        if not marked:
            with suppress(PeerFault):  # nothing hangs on the goodbye
                await server.quit()
            return
        # Said before QUIT can do it: killed behind QUIT, we know what to ask next time.
        await self._note(marked, Removal.PERHAPS)
        self._perhaps_removed = len(marked)
        if await server.quit():
            await self._note(marked, Removal.DONE)
            self._removed, self._perhaps_removed = len(marked), 0

    async def _note(self, unique_ids: Collection[str], removal: Removal) -> None:
        await asyncio.to_thread(self._ledger.note, self._source.remote, unique_ids, removal)

    async def _due(self, server: Mailbox, listing: Sequence[Listed]) -> dict[int, str]:
        """Return what the policy lets go, by number, now that the ledger knows what was kept."""
        terms = self._source.terms
        if terms.policy.is_for_ever or terms.is_reader:
            return {}
        filed = self._intake.filed
        named = [
            replace(listed, unique_id=filed[listed.number].unique_id)
            if listed.number in filed
            else listed
            for listed in listing
        ]
        if terms.policy.when_archived:
            await self._verify(server, named)
        return await asyncio.to_thread(self._let_go, named)

    async def _verify(self, server: Mailbox, named: Sequence[Listed]) -> None:
        """Read back what waits for nothing else; reading may take longer than a server waits."""
        names = await asyncio.to_thread(self._unverified, named)
        remote, verify = self._source.remote, self._intake.archive.verify
        async with kept_alive(server):
            for start in range(0, len(names), VERIFIED_AT_ONCE):
                some = names[start : start + VERIFIED_AT_ONCE]
                self._damaged += len(await asyncio.to_thread(verify, remote, some))

    def _unverified(self, named: Sequence[Listed]) -> list[str]:
        return [
            step.listed.unique_id
            for step in self._steps_now(named)
            if isinstance(step, Skip) and step.reason is Reason.UNVERIFIED and step.listed.unique_id
        ]

    def _let_go(self, named: Sequence[Listed]) -> dict[int, str]:
        return {
            step.listed.number: step.listed.unique_id or ""
            for step in self._steps_now(named)
            if isinstance(step, Remove)
        }

    def _steps_now(self, named: Sequence[Listed]) -> Iterator[Step]:
        with self._ledger.reading(self._source.remote) as known:
            yield from plan(named, known, self._source.terms, Situation(self._clock.now()))

    async def _mark(self, server: Mailbox, due: dict[int, str]) -> list[str]:
        """Mark what is still under its number; return the names of what the server marked."""
        # What was fetched under its number in this session needs no other proof.
        fetched = self._intake.filed.keys()
        said = await server.unique_ids(number for number in due if number not in fetched)
        sure = [n for n, name in due.items() if n in fetched or said.get(n) == name]
        return [due[number] for number in await server.delete(sure)]


def _held(step: Step) -> Step:
    """Return what is not looked at, because a limit is reached, as held back by it."""
    return Skip(step.listed, Reason.LIMIT) if isinstance(step, Peek) else step


def _is_moved(listed: Listed, situation: Situation) -> bool:
    looked = situation.looked.get(listed.number)
    known_as = looked.known_as if looked else None
    return None not in (known_as, listed.unique_id) and known_as != listed.unique_id
