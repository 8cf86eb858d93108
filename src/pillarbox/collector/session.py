"""One session with a remote: plan, look, fetch, keep; then, and only then, remove.

RFC 1939, section 6: the server removes what was marked when it answers QUIT. A message is marked
only when it is durable here, with its ledger row.
"""

import asyncio
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from itertools import chain

from pillarbox.archive.keep import Origin
from pillarbox.archive.ledger import Ledger, Removal
from pillarbox.base.clock import Clock
from pillarbox.base.errors import Fault, PeerFault
from pillarbox.client.alive import kept_alive
from pillarbox.client.faults import RefusedFault
from pillarbox.client.listing import Listed, Listing, Subset, listing_of
from pillarbox.collector.brought import Brought
from pillarbox.collector.doubt import NO_REPLY, in_doubt
from pillarbox.collector.intake import Intake
from pillarbox.collector.looking import Looking
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.manners import RESUME_DELAY_SECONDS
from pillarbox.collector.outcome import Outcome, Result, many_vanished, outcome_of
from pillarbox.collector.plan import (
    Fetch,
    Looked,
    Peek,
    Reason,
    Remove,
    Situation,
    Skip,
    Step,
    plan,
    settled,
)
from pillarbox.collector.source import Source
from pillarbox.collector.steps import PORTION, Steps
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
        self._brought = Brought(listing_of(()))
        self._listed = self._refused = self._removed = self._perhaps_removed = 0
        self._moved = self._damaged = self._vanished = 0
        self._skipped: Counter[Reason] = Counter()
        self.troubled = Troubled(ledger.troubles, source.remote)

    async def run(self, server: Mailbox, planned: Callable[[int, int, int], None]) -> None:
        """Do all there is to do; raises a Fault where the session cannot go on.

        `planned` hears how many messages are listed, how many of them are wanted, and the octets
        of these.
        """
        listing = await self._list(server)
        self._brought = Brought(listing)
        await asyncio.to_thread(self._settle, listing)
        await self._stay_where_logins_are_rare(server)
        situation = await self._look(server, listing, is_rehearsal=False)
        looked = situation.looked.items()
        self._moved = sum(_is_moved(listing.of(number), each) for number, each in looked)
        wanted = await asyncio.to_thread(self._wanted, listing, situation)
        planned(len(listing), len(wanted), wanted.octets)
        for portion in wanted.portions(PORTION):
            await self._fetch(server, portion)
        await self._leave(server)

    async def rehearse(self, server: Mailbox) -> Sequence[Step]:
        """Return what a session would begin with; nothing is fetched, written or removed."""
        listing = await self._list(server)
        await asyncio.to_thread(self.troubled.read, listing)
        situation = await self._look(server, listing, is_rehearsal=True)
        steps = await asyncio.to_thread(self._rehearsed, listing, situation)
        with suppress(PeerFault):
            await server.quit()
        return steps

    def result(self, fault: Fault | None) -> Result:
        """Return what was done, and how the session ended."""
        sums, skipped = self._brought.sums.plus(self._intake.filed.values()), self._skipped
        return Result(
            self._outcome(fault, sums.collected),
            listed=self._listed,
            collected=sums.collected,
            known=sums.messages - sums.collected,
            refused=self._refused,
            octets=sums.octets,
            removed=self._removed,
            perhaps_removed=self._perhaps_removed,
            elsewhere=sums.elsewhere,
            moved=self._moved,
            headers=skipped[Reason.HEADER_ONLY],
            skipped=skipped[Reason.BY_RULE],
            held_back=skipped[Reason.LIMIT],
            over_quota=sums.over_quota,
            incomplete=sums.incomplete,
            damaged=self._damaged,
            vanished=self._vanished,
            stuck=self.troubled.stuck(),
            fault=fault,
        )

    def in_doubt(self, fault: Fault) -> Iterable[str]:
        """Return the names of what is kept and may be another message, or a part of one."""
        intake = self._intake
        names = in_doubt(fault, intake.asked, intake.filed, self.troubled.to_come)
        return chain(names, self._brought.suspects()) if isinstance(fault, NO_REPLY) else names

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

    async def _list(self, server: Mailbox) -> Listing:
        await server.login(self._source.user, self._source.password)
        listing = (await server.listing()).without_shared_names()
        self._listed = len(listing)
        return listing

    def _settle(self, listing: Listing) -> None:
        """Record what a listing tells, and what became of removals that nobody was sure of."""
        remote = self._source.remote
        for removal in (Removal.NONE, Removal.DONE):
            answers = settled(listing.there, self._ledger.unsure(remote))
            names = (name for name, found in answers if found is removal)
            self._ledger.note(remote, names, removal)
        self.troubled.listed(listing, self._clock.now())

    async def _look(self, server: Mailbox, listing: Listing, *, is_rehearsal: bool) -> Situation:
        archive = self._intake.archive
        looking = Looking(
            self._source, self._ledger, archive, self.troubled, is_rehearsal=is_rehearsal
        )
        return await looking.look(server, listing, self._clock.now())

    def _wanted(self, listing: Listing, situation: Situation) -> Steps[Fetch]:
        wanted, damaged = Steps[Fetch](listing), Steps[Fetch](listing)
        doubtful = Subset(listing)
        remote, now = self._source.remote, situation.now
        with self._ledger.reading(remote) as known:
            in_order = self.troubled.in_order(listing)
            for step in map(_held, plan(in_order, known, self._source.terms, situation)):
                if isinstance(step, Skip):
                    self._skipped[step.reason] += 1
                elif isinstance(step, Fetch) and self.troubled.takes(step, now):
                    (damaged if step.reason is Reason.DAMAGED else wanted).add(step)
                if isinstance(step, Fetch) or step.reason in UNKNOWN:
                    doubtful.add(step.listed.number)
        gone, before = self._ledger.note_listing(remote, listing.there, now, doubtful)
        self._vanished = many_vanished(gone - self._moved, before - self._moved)
        for step in damaged:  # they come last
            wanted.add(step)
        return wanted

    def _rehearsed(self, listing: Listing, situation: Situation) -> list[Step]:
        with self._ledger.reading(self._source.remote) as known:
            in_order = self.troubled.in_order(listing)
            steps = plan(in_order, known, self._source.terms, situation)
            return [self.troubled.told(_held(step), situation.now) for step in steps]

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
        async with kept_alive(server):  # a disk may be slower than a server waits
            await self._intake.settle()
        asked, filed = self._intake.asked, self._intake.filed
        await asyncio.to_thread(self.troubled.ended_well, filed)
        self._brought.add(asked, filed)
        asked.clear()
        filed.clear()

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

    async def _leave(self, server: Mailbox) -> None:
        named = self._brought.named()
        marked = array("Q")
        for portion in (await self._due(server, named)).portions(PORTION):
            marked.extend(await self._mark(server, portion))
        if not marked:
            with suppress(PeerFault):  # nothing hangs on the goodbye
                await server.quit()
            return
        # Said before QUIT can do it: killed behind QUIT, we know what to ask next time.
        await self._note(named, marked, Removal.PERHAPS)
        self._perhaps_removed = len(marked)
        if await server.quit():
            await self._note(named, marked, Removal.DONE)
            self._removed, self._perhaps_removed = len(marked), 0

    async def _note(self, named: Listing, marked: Sequence[int], removal: Removal) -> None:
        unique_ids = (named.of(number).unique_id or "" for number in marked)
        await asyncio.to_thread(self._ledger.note, self._source.remote, unique_ids, removal)

    async def _due(self, server: Mailbox, named: Listing) -> Steps[Remove]:
        """Return what the policy lets go, now that the ledger knows what was kept."""
        terms = self._source.terms
        if terms.policy.is_for_ever or terms.is_reader:
            return Steps(named)
        if terms.policy.when_archived:
            await self._verify(server, named)
        return await asyncio.to_thread(self._let_go, named)

    async def _verify(self, server: Mailbox, named: Listing) -> None:
        """Read back what waits for nothing else; reading may take longer than a server waits."""
        unverified = await asyncio.to_thread(self._unverified, named)
        remote, verify = self._source.remote, self._intake.archive.verify
        async with kept_alive(server):
            for some in unverified.portions(VERIFIED_AT_ONCE):
                names = [step.listed.unique_id or "" for step in some]
                self._damaged += len(await asyncio.to_thread(verify, remote, names))

    def _unverified(self, named: Listing) -> Steps[Step]:
        steps = self._steps_now(named)
        return Steps(named, (step for step in steps if step.reason is Reason.UNVERIFIED))

    def _let_go(self, named: Listing) -> Steps[Remove]:
        steps = self._steps_now(named)
        return Steps(named, (step for step in steps if isinstance(step, Remove)))

    def _steps_now(self, named: Listing) -> Iterator[Step]:
        with self._ledger.reading(self._source.remote) as known:
            yield from plan(named, known, self._source.terms, Situation(self._clock.now()))

    async def _mark(self, server: Mailbox, due: Sequence[Remove]) -> list[int]:
        """Mark what is still under its number; return what the server marked."""
        names = {step.listed.number: step.listed.unique_id for step in due}
        # What was fetched under its number in this session needs no other proof.
        fetched = set(filter(self._brought.has, names))
        said = await server.unique_ids(number for number in names if number not in fetched)
        sure = [n for n, name in names.items() if n in fetched or said.get(n) == name]
        return await server.delete(sure)


def _held(step: Step) -> Step:
    """Return what is not looked at, because a limit is reached, as held back by it."""
    return Skip(step.listed, Reason.LIMIT) if isinstance(step, Peek) else step


def _is_moved(listed: Listed, looked: Looked) -> bool:
    known_as = looked.known_as
    return None not in (known_as, listed.unique_id) and known_as != listed.unique_id
