"""Looking at headers before anything is fetched: for rules, and for what is known by another name.

A header is in memory until it is decided on. What may stand for a whole message is entered in the
ledger as it comes.
"""

import asyncio
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from itertools import islice

from pillarbox.accounts.remote_settings import Protocol
from pillarbox.archive.keep import Archive
from pillarbox.archive.ledger import Ledger, NotKept, State
from pillarbox.client.listing import Listed, Listing
from pillarbox.collector.limits import Allowance, Counts, Limits
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.matching import Header, matched
from pillarbox.collector.plan import (
    WHOLE,
    Fetch,
    Looked,
    Peek,
    Reason,
    Situation,
    Step,
    plan,
)
from pillarbox.collector.rules import Action, Candidate, Decision, Undecided, decide, known_by
from pillarbox.collector.rules import Peeked as NoHeader
from pillarbox.collector.source import Source
from pillarbox.collector.steps import PORTION, Steps
from pillarbox.collector.troubled import Troubled
from pillarbox.message.header_digest import HEADER_OCTETS, HeaderDigest, header_digest

AT_ONCE = 100  # rows in one transaction; headers between two looks at the limits, in the end
FIRST = 4  # headers before the first of those looks; each time twice as many
NEEDED = {Reason.FOR_MATCH, Reason.ASKED_FOR}  # whatever the limits


@dataclass(slots=True)
class Look:
    """What looking found, by number, and what of it the ledger is to know."""

    looked: dict[int, Looked] = field(default_factory=dict)
    alike: dict[Looked, Looked] = field(default_factory=dict)  # what many headers say is there once
    headers: list[Header] = field(default_factory=list)  # of what may be known by another name
    entries: list[NotKept] = field(default_factory=list)


class Looking:
    """Asks for the headers that a plan wants; `is_rehearsal` writes nothing."""

    def __init__(
        self,
        source: Source,
        ledger: Ledger,
        archive: Archive,
        troubled: Troubled,
        *,
        is_rehearsal: bool,
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._archive = archive
        self._troubled = troubled
        self._is_rehearsal = is_rehearsal

    async def look(self, server: Mailbox, listing: Listing, now: float) -> Situation:
        """Return what is known now; raises PeerFault and StoreFault."""
        first = await asyncio.to_thread(self._situation, listing.there, now)
        steps = await asyncio.to_thread(self._steps, listing, first)
        found = Look()
        allowance = Allowance(self._source.limits, Counts(), self._source.day)
        for some in _portions(steps, is_bounded=self._is_bounded):
            peeks = [step for step in some if self._is_wanted(step, allowance)]
            await self._peek(server, peeks, now, found)
            for step in some:
                if _is_fetched(step, found):
                    allowance.take(step.listed.octets)
        await self._enter(found, now)
        if not self._is_rehearsal:
            await asyncio.to_thread(self._troubled.look_no_more)
        names = await asyncio.to_thread(self._known_as, listing, found.headers)
        known = {n: replace(found.looked[n], known_as=name) for n, name in names.items()}
        return Situation(now, found.looked | known, first.lost_octets)

    def _situation(self, there: Container[str], now: float) -> Situation:
        remote = self._source.remote
        return Situation(now, lost_octets=self._ledger.absent_octets(remote, there))

    @property
    def _is_bounded(self) -> bool:
        return self._source.limits != Limits()

    def _steps(self, listing: Listing, situation: Situation) -> Steps[Step]:
        """Return what is to be looked at; with limits, what is to be fetched in any case too."""
        kinds = (Peek, Fetch) if self._is_bounded else Peek
        # What a limit holds back is no Fetch any more; it would not be one here either.
        with self._ledger.reading(self._source.remote) as known:
            in_order = self._troubled.in_order(listing)
            steps = plan(in_order, known, self._source.terms, situation)
            return Steps(listing, (step for step in steps if isinstance(step, kinds)))

    def _is_wanted(self, step: Step, allowance: Allowance) -> bool:
        """Return whether a header is worth asking for: what may not be fetched now is for later."""
        if not isinstance(step, Peek):
            return False
        if step.reason in NEEDED:
            return True
        takes_header = any(rule.action is Action.HEADERS for rule in self._source.rules)
        is_too_large = allowance.is_too_large(step.listed.octets)
        return not allowance.is_over and (takes_header or not is_too_large)

    async def _peek(self, server: Mailbox, peeks: Sequence[Step], now: float, found: Look) -> None:
        asked = {p.listed.number: p for p in peeks if self._troubled.is_looked_at(p.listed)}
        for peek in peeks:
            if peek.listed.number not in asked:
                self._take(peek, None, now, found)
        self._troubled.look(asked.values())
        for numbers in self._together(list(asked)):
            async with aclosing(server.headers(numbers)) as headers:
                async for number, octets in headers:
                    self._take(asked.pop(number), octets, now, found)
                    self._troubled.looked(number)
                    if len(found.entries) >= AT_ONCE:
                        await self._enter(found, now)

    def _together(self, numbers: Sequence[int]) -> Iterator[Sequence[int]]:
        """Yield what is asked for at once: IMAP's replies do not tell which of many breaks it."""
        is_alone = self._source.protocol is Protocol.IMAP and self._troubled.knows_header
        return ([number] for number in numbers) if is_alone else iter([numbers])

    def _take(self, peek: Step, header: bytes | None, now: float, found: Look) -> None:
        listed = peek.listed
        octets = None if header is None else header[:HEADER_OCTETS]
        digest = None if octets is None else header_digest(octets)
        if peek.reason is Reason.FOR_MATCH and digest is not None and digest.is_telling:
            found.headers.append(Header(listed.number, listed.octets, digest.digest))
        is_whole = digest is not None
        decision = self._decide(listed, octets if is_whole else None, now)
        looked = Looked(decision, has_header=is_whole)
        found.looked[listed.number] = found.alike.setdefault(looked, looked)
        entry = self._entry(listed, decision, octets, digest, now)
        if entry is not None and peek.reason not in WHOLE:  # of that the header is kept
            found.entries.append(entry)

    def _decide(self, listed: Listed, octets: bytes | None, now: float) -> Decision:
        header = NoHeader.NOT_TO_BE_HAD if octets is None else octets
        candidate = Candidate(self._source.name, listed.octets, header)
        decision = decide(self._source.rules, candidate, now)
        return Decision() if isinstance(decision, Undecided) else decision

    async def _enter(self, found: Look, now: float) -> None:
        entries, found.entries = found.entries, []
        if not self._is_rehearsal:
            await asyncio.to_thread(self._ledger.enter, self._source.remote, entries, now)

    def _known_as(self, listing: Listing, headers: Sequence[Header]) -> Mapping[int, str]:
        if not headers:
            return {}
        remote = self._source.remote
        same = {
            header.number: name
            for header in headers
            if (name := listing.of(header.number).unique_id) is not None
            and self._archive.is_same(remote, name, header.octets, header.digest)
        }
        sizes = {header.octets for header in headers}
        names = {**matched(headers, self._archive.lost(remote, listing.there, sizes)), **same}
        if not self._is_rehearsal:
            self._ledger.move(remote, _moves(listing, names))
        return names

    def _entry(
        self,
        listed: Listed,
        decision: Decision,
        header: bytes | None,
        digest: HeaderDigest | None,
        now: float,
    ) -> NotKept | None:
        """Return what the ledger is to know where the whole is not fetched; None where it is."""
        if listed.unique_id is None or decision.action is Action.FETCH or digest is None:
            return None
        is_skipped = decision.action is Action.SKIP
        return NotKept(
            listed.unique_id,
            State.SKIPPED if is_skipped else State.HEADERS,
            listed.octets,
            decision.rule,
            digest.digest,
            None if is_skipped else header,
            known_by(self._source.rules, self._source.name, now),
        )


def _portions(steps: Iterable[Step], *, is_bounded: bool) -> Iterator[Sequence[Step]]:
    """Yield many at once, or at first few and then more, so that few are asked for in vain."""
    left, many = iter(steps), FIRST if is_bounded else PORTION
    while some := list(islice(left, many)):
        yield some
        many = min(2 * many, max(AT_ONCE, many))


def _is_fetched(step: Step, found: Look) -> bool:
    if isinstance(step, Fetch):
        return step.reason is not Reason.ASKED_FOR
    looked = found.looked.get(step.listed.number)
    is_wanted = looked is not None and looked.decision.action is Action.FETCH
    return is_wanted and step.reason is not Reason.ASKED_FOR


def _moves(listing: Listing, names: Mapping[int, str]) -> list[tuple[str, str, int]]:
    return [
        (name, listed.unique_id, listed.octets)
        for number, name in names.items()
        if (listed := listing.of(number)).unique_id
    ]
