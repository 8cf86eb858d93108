"""Looking at headers before anything is fetched: for rules, and for what is known by another name.

A header is in memory until it is decided on. What may stand for a whole message is entered in the
ledger as it comes.
"""

import asyncio
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pillarbox.archive.keep import Archive
from pillarbox.archive.ledger import Ledger, NotKept, State
from pillarbox.client.faults import RefusedFault
from pillarbox.client.listing import Listed
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.matching import Header, matched
from pillarbox.collector.plan import WHOLE, Looked, Peek, Situation, plan
from pillarbox.collector.rules import Action, Candidate, Decision, Undecided, decide
from pillarbox.collector.rules import Peeked as NoHeader
from pillarbox.collector.source import Source
from pillarbox.message.header_digest import HEADER_OCTETS, header_digest

AT_ONCE = 100  # headers in memory, and rows in one transaction


@dataclass(slots=True)
class Look:
    """What looking found, by number, and what of it the ledger is to know."""

    looked: dict[int, Looked] = field(default_factory=dict)
    headers: list[Header] = field(default_factory=list)  # of what may be known by another name
    entries: list[NotKept] = field(default_factory=list)


class Looking:
    """Asks for the headers that a plan wants; `is_rehearsal` writes nothing."""

    def __init__(
        self, source: Source, ledger: Ledger, archive: Archive, *, is_rehearsal: bool
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._archive = archive
        self._is_rehearsal = is_rehearsal

    async def look(
        self, server: Mailbox, listing: Sequence[Listed], there: Container[str], now: float
    ) -> Situation:
        """Return what is known now; raises PeerFault and StoreFault."""
        first = await asyncio.to_thread(self._situation, there, now)
        peeks = await asyncio.to_thread(self._peeks, listing, first)
        found = Look()
        for peek in peeks:
            await self._peek(server, peek, first, found)
            if len(found.entries) >= AT_ONCE:
                await self._enter(found, now)
        await self._enter(found, now)
        names = await asyncio.to_thread(self._known_as, listing, found.headers, there)
        known = {n: replace(found.looked[n], known_as=name) for n, name in names.items()}
        return Situation(now, found.looked | known, first.lost_octets)

    def _situation(self, there: Container[str], now: float) -> Situation:
        remote = self._source.remote
        return Situation(now, lost_octets=self._ledger.absent_octets(remote, there))

    def _peeks(self, listing: Sequence[Listed], situation: Situation) -> list[Peek]:
        # Limits are for what is fetched: they may not hide what is to be looked at.
        with self._ledger.reading(self._source.remote) as known:
            steps = plan(listing, known, self._source.terms, situation)
            return [step for step in steps if isinstance(step, Peek)]

    async def _peek(self, server: Mailbox, peek: Peek, situation: Situation, found: Look) -> None:
        listed = peek.listed
        octets = await _header(server, listed.number)
        digest = header_digest(octets) if octets is not None else None
        if listed.octets in situation.lost_octets and listed.unique_id and digest:
            known_by = digest.digest if digest.is_telling else None
            found.headers.append(Header(listed.number, listed.octets, known_by))
        is_whole = digest is not None
        decision = self._decide(listed, octets if is_whole else None, situation.now)
        found.looked[listed.number] = Looked(decision, has_header=is_whole)
        entry = _entry(listed, decision, octets, digest.digest if digest else None)
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

    def _known_as(
        self, listing: Sequence[Listed], headers: Sequence[Header], there: Container[str]
    ) -> Mapping[int, str]:
        sizes = {header.octets for header in headers if header.digest is not None}
        if not sizes:
            return {}
        names = matched(headers, self._archive.lost(self._source.remote, there, sizes))
        if not self._is_rehearsal:
            self._ledger.move(self._source.remote, _moves(listing, names))
        return names


async def _header(server: Mailbox, number: int) -> bytes | None:
    """Return the header, None where it is not to be had."""
    try:
        return (await server.top(number, 0))[:HEADER_OCTETS]
    except RefusedFault:
        return None


def _entry(
    listed: Listed, decision: Decision, header: bytes | None, digest: bytes | None
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
        digest,
        None if is_skipped else header,
    )


def _moves(listing: Iterable[Listed], names: Mapping[int, str]) -> list[tuple[str, str, int]]:
    return [
        (names[listed.number], listed.unique_id, listed.octets)
        for listed in listing
        if listed.number in names and listed.unique_id
    ]
