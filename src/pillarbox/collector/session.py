"""One session with a remote: plan, fetch, keep; then, and only then, remove.

RFC 1939, section 6: the server removes what was marked when it answers QUIT. A message is marked
only when it is durable here, with its ledger row.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace

from pillarbox.archive.keep import Origin
from pillarbox.archive.ledger import Ledger, LedgerEntry, Removal
from pillarbox.base.clock import Clock
from pillarbox.base.errors import Fault, PeerFault
from pillarbox.client.faults import RefusedFault
from pillarbox.client.listing import Listed
from pillarbox.collector.intake import Intake
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.outcome import Outcome, Result, outcome_of
from pillarbox.collector.plan import Fetch, Remove, Step, plan, settled, without_shared_names
from pillarbox.collector.progress import Progress
from pillarbox.collector.source import Source


class Session:
    """What one session has done so far."""

    def __init__(self, source: Source, ledger: Ledger, clock: Clock, intake: Intake) -> None:
        self._source = source
        self._ledger = ledger
        self._clock = clock
        self._intake = intake
        self._listed = self._refused = self._removed = self._perhaps_removed = 0

    async def run(self, server: Mailbox, progress: Progress) -> None:
        """Do all there is to do; raises a Fault where the session cannot go on."""
        await server.login(self._source.user, self._source.password)
        listing = without_shared_names(await server.listing())
        self._listed = len(listing)
        ledger = await self._entries()
        await self._settle(listing, ledger)
        wanted = [step.listed for step in self._plan(listing, ledger) if isinstance(step, Fetch)]
        progress.planned(len(wanted), sum(listed.octets for listed in wanted))
        await self._fetch(server, wanted)
        await self._intake.settle()
        await self._leave(server, listing)

    def result(self, fault: Fault | None) -> Result:
        """Return what was done, and how the session ended."""
        filed = self._intake.filed.values()
        collected = sum(message.is_new for message in filed)
        return Result(
            self._outcome(fault, collected),
            listed=self._listed,
            collected=collected,
            known=len(filed) - collected,
            refused=self._refused,
            octets=sum(message.octets for message in filed),
            removed=self._removed,
            perhaps_removed=self._perhaps_removed,
            fault=fault,
        )

    def _outcome(self, fault: Fault | None, collected: int) -> Outcome:
        if fault is not None:
            return outcome_of(fault)
        if self._refused:
            return Outcome.SERVER
        return Outcome.MAIL if collected else Outcome.NONE

    async def _entries(self) -> dict[str, LedgerEntry]:
        return await asyncio.to_thread(self._ledger.entries, self._source.remote)

    async def _note(self, unique_ids: Iterable[str], removal: Removal) -> None:
        noted = list(unique_ids)
        await asyncio.to_thread(self._ledger.note, self._source.remote, noted, removal)

    def _plan(self, listing: Iterable[Listed], ledger: Mapping[str, LedgerEntry]) -> list[Step]:
        return plan(listing, ledger, self._source.policy, self._clock.now())

    async def _settle(self, listing: Iterable[Listed], ledger: Mapping[str, LedgerEntry]) -> None:
        """Record what became of removals that an earlier session could not be sure of."""
        answers = list(settled(listing, ledger))
        for removal in (Removal.NONE, Removal.DONE):
            await self._note((name for name, found in answers if found is removal), removal)

    async def _fetch(self, server: Mailbox, wanted: Iterable[Listed]) -> None:
        names = {listed.number: listed.unique_id for listed in wanted}
        async with aclosing(server.retrieve(names)) as messages:
            async for number, chunks in messages:
                origin = Origin(self._source.remote, self._source.account, names[number])
                try:
                    await self._intake.take(number, origin, chunks)
                except RefusedFault:
                    self._refused += 1

    # What is kept may go.

    async def _leave(self, server: Mailbox, listing: Iterable[Listed]) -> None:
        marked = await self._mark(server, await self._due(listing))
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

    async def _due(self, listing: Iterable[Listed]) -> dict[int, str]:
        """Return what the policy lets go, by number, now that the ledger knows what was kept."""
        if self._source.policy.delete_after_days is None:
            return {}
        filed = self._intake.filed
        named = [
            replace(listed, unique_id=filed[listed.number].unique_id)
            if listed.number in filed
            else listed
            for listed in listing
        ]
        return {
            step.listed.number: step.listed.unique_id or ""
            for step in self._plan(named, await self._entries())
            if isinstance(step, Remove)
        }

    async def _mark(self, server: Mailbox, due: dict[int, str]) -> list[str]:
        """Mark what is still under its number; return the names of what the server marked."""
        # What was fetched under its number in this session needs no other proof.
        fetched = self._intake.filed.keys()
        said = await server.unique_ids(number for number in due if number not in fetched)
        sure = [n for n, name in due.items() if n in fetched or said.get(n) == name]
        return [due[number] for number in await server.delete(sure)]
