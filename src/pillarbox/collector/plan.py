"""What is to be done with each message that a server lists: values in, steps out. Pure.

The plan is made anew as more is known: first for what to look at, then, with what the headers say,
for what to fetch, and last, when the ledger knows what was fetched, for what may be removed. What
is in doubt is fetched: the content then says whether it is known.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.ledger import Known, LedgerEntry, Removal, State, is_of_server
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.client.listing import Listed
from pillarbox.collector.limits import Allowance, Counts, Limits
from pillarbox.collector.rules import (
    Action,
    Candidate,
    Decision,
    Rules,
    Undecided,
    decide,
    known_by,
    rest_is_due,
)


class Reason(StrEnum):
    """Why a step is what it is; scripts know these names."""

    # It is fetched.
    NEW = "new"  # nothing is known of it
    UNNAMED = "unnamed"  # only its content tells whether it is known
    RETURNED = "returned"  # it was gone from the server: it may be another message
    CHANGED = "changed"  # it has another size than before: it may be another message
    DAMAGED = "damaged"  # what is kept of it does not read back as it came
    REST = "rest"  # its header is kept, and the rest is due
    ASKED_FOR = "asked for"  # its header is kept, and a person wants the rest at once
    # Its header is looked at.
    FOR_RULE = "for rule"  # a rule asks for it
    FOR_MATCH = "for match"  # it may be known under another unique-id
    # It stays on the server.
    MOVED = "moved"  # kept, and known under another unique-id
    LEFT = "left"  # kept, and left on the server for ever
    READER = "reader"  # kept, and another machine is the one that removes
    INCOMPLETE = "incomplete"  # kept, but fewer octets came than the server lists
    TOO_YOUNG = "too young"  # kept, and left on the server for some days more
    AMONG_NEWEST = "among newest"  # kept, and one of the newest, which are left there
    NO_BACKUP = "no backup"  # kept, and not in as many backups as are asked for
    UNVERIFIED = "unverified"  # kept, and not read back yet
    SEEN = "seen"  # another program had it before us
    BY_RULE = "by rule"  # a rule passes it over
    HEADER_ONLY = "header only"  # a rule takes its header alone, for now
    LIMIT = "limit"  # it is for a later session
    STUCK = "stuck"  # of a rehearsal: it broke a session, and comes behind all others
    # It is removed.
    DUE = "due"  # kept, and all that is asked for holds


ANOTHER = (Reason.NEW, Reason.UNNAMED, Reason.RETURNED, Reason.CHANGED)  # or known by its header
NO_RULE = Decision()  # one for all: a maildrop may have 262,144 messages
WHOLE = (Reason.REST, Reason.ASKED_FOR)  # a header does not stand for what is fetched for these


@dataclass(frozen=True, slots=True)
class Skip:
    """It stays where it is; `detail` names the rule, the limit or the other unique-id."""

    listed: Listed
    reason: Reason
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Peek:
    """Its header is asked for, and the plan is made again."""

    listed: Listed
    reason: Reason


@dataclass(frozen=True, slots=True)
class Fetch:
    """It is to be kept, as was decided."""

    listed: Listed
    reason: Reason
    decision: Decision = field(default_factory=Decision)


@dataclass(frozen=True, slots=True)
class Remove:
    """It is kept, and may go from the server."""

    listed: Listed
    reason: Reason


Step = Skip | Peek | Fetch | Remove


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operator asks for at one remote. A reader removes nothing."""

    remote: str = ""  # its name, for rules
    policy: LeavePolicy = field(default_factory=LeavePolicy)
    is_reader: bool = False
    rules: Rules = ()
    limits: Limits = field(default_factory=Limits)
    day: Counts = field(default_factory=Counts)  # what was fetched earlier today


@dataclass(frozen=True, slots=True)
class Looked:
    """What a header has said, or that it was not to be had.

    `known_as` is the unique-id under which the message is kept, `has_header` whether the header
    can stand for the whole.
    """

    decision: Decision
    known_as: str | None = None
    has_header: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known besides the ledger: what was looked at, and what a listing does not name.

    `now` in seconds since 1970. `lost_octets` are the sizes of messages that were listed before
    and are not any more.
    """

    now: float
    looked: Mapping[int, Looked] = field(default_factory=dict)  # by number
    lost_octets: Container[int] = frozenset()


def plan(
    listing: Sequence[Listed], ledger: Known, terms: Terms, situation: Situation
) -> Iterator[Step]:
    """Yield one step a message, in the order of the listing, which is the oldest first."""
    allowance = Allowance(terms.limits, Counts(), terms.day)
    for step in _Steps(ledger, terms, situation).all(listing):
        limit = allowance.take(step.listed.octets) if _has_limits(step) else None
        yield step if limit is None else Skip(step.listed, Reason.LIMIT, limit)


def leave(
    listed: Listed, known: LedgerEntry, terms: Terms, newer: int, now: float
) -> Skip | Remove:
    """Return whether a message that is kept stays on the server; so many there are `newer`."""
    reason = _why_left(known, terms, newer, now)
    return Remove(listed, Reason.DUE) if reason is None else Skip(listed, reason)


def _has_limits(step: Step) -> bool:
    return isinstance(step, Fetch) and step.reason is not Reason.ASKED_FOR


class _Steps:
    """The steps of one plan, before limits."""

    def __init__(self, ledger: Known, terms: Terms, situation: Situation) -> None:
        self._ledger = ledger
        self._terms = terms
        self._situation = situation
        self._judged_by = known_by(terms.rules, terms.remote, situation.now)

    def all(self, listing: Sequence[Listed]) -> Iterator[Step]:
        for newer, listed in zip(range(len(listing) - 1, -1, -1), listing, strict=True):
            yield self._step(listed, newer)

    def _step(self, listed: Listed, newer: int) -> Step:
        if listed.unique_id is None:
            return self._unnamed(listed, newer)
        known = self._ledger.get(listed.unique_id)
        if known is None:
            return self._unknown(listed, Reason.NEW)
        doubt = _may_be_another(listed, known)
        if doubt is not None:
            return self._unknown(listed, doubt, known)
        if known.state is State.KEPT:
            return self._kept(listed, known, newer)
        return self._not_kept(listed, known)

    def _unnamed(self, listed: Listed, newer: int) -> Step:
        """Leave what its header says is kept; only its content may say so of what is to go."""
        looked = self._situation.looked.get(listed.number)
        known = self._ledger.get(looked.known_as) if looked and looked.known_as else None
        if looked is None or known is None or known.state is not State.KEPT:
            return self._unknown(listed, Reason.UNNAMED)
        step = leave(listed, known, self._terms, newer, self._situation.now)
        is_left = isinstance(step, Skip) and step.reason is not Reason.UNVERIFIED
        return step if is_left else _after_look(listed, Reason.UNNAMED, looked)

    def _kept(self, listed: Listed, known: LedgerEntry, newer: int) -> Step:
        if known.damaged_at is not None:
            return Fetch(listed, Reason.DAMAGED)
        return leave(listed, known, self._terms, newer, self._situation.now)

    def _not_kept(self, listed: Listed, known: LedgerEntry) -> Step:
        if known.state is State.SEEN:
            return Skip(listed, Reason.SEEN)
        if known.state is State.HEADERS:
            return self._headers(listed, known)
        return self._skipped(listed, known)

    def _skipped(self, listed: Listed, known: LedgerEntry) -> Step:
        """Ask the rules again; but for the header, where the same rules have seen it."""
        is_judged = known.judged_by == self._judged_by
        if is_judged and self._decide(listed) is Undecided.NEEDS_HEADER:
            return Skip(listed, Reason.BY_RULE, known.rule)
        return self._unknown(listed, Reason.NEW)

    def _headers(self, listed: Listed, known: LedgerEntry) -> Step:
        if known.rule is None:
            return self._unknown(listed, Reason.ASKED_FOR)
        looked = self._situation.looked.get(listed.number)
        decision = looked.decision if looked else self._judged(listed, known)
        if isinstance(decision, Undecided):
            return Peek(listed, Reason.FOR_RULE)
        if not rest_is_due(decision, known.collected_at, self._situation.now):
            return Skip(listed, Reason.HEADER_ONLY, known.rule)
        # The header is kept; what the rules say of it now is asked anew, for tags and account.
        return self._unknown(listed, Reason.REST)

    def _judged(self, listed: Listed, known: LedgerEntry) -> Decision | Undecided:
        """Return what its rule says, or, where the rules are others now, what they say."""
        is_judged = known.judged_by == self._judged_by
        return self._rule_of(known) if is_judged else self._decide(listed)

    def _rule_of(self, known: LedgerEntry) -> Decision:
        for rule in self._terms.rules:
            if rule.name == known.rule and rule.action is Action.HEADERS:
                days = rule.rest_after_days
                return Decision(Action.HEADERS, rule.name, rest_after_days=days)
        return Decision()

    def _unknown(self, listed: Listed, reason: Reason, known: LedgerEntry | None = None) -> Step:
        looked = self._situation.looked.get(listed.number)
        if looked is not None:
            return _after_look(listed, reason, looked)
        if reason in ANOTHER and self._may_be_known(listed, known):
            return Peek(listed, Reason.FOR_MATCH)
        decision = self._decide(listed)
        if isinstance(decision, Undecided):
            return Peek(listed, reason if reason in WHOLE else Reason.FOR_RULE)
        if decision.action is Action.HEADERS and reason not in WHOLE:
            return Peek(listed, Reason.FOR_RULE)
        return _after_look(listed, reason, Looked(decision))

    def _may_be_known(self, listed: Listed, known: LedgerEntry | None) -> bool:
        """Return whether the header may say that it is kept, under this name or another."""
        has_header = known is not None and known.header_digest is not None
        is_kept = known is not None and known.state is State.KEPT and known.damaged_at is None
        return (has_header and is_kept) or listed.octets in self._situation.lost_octets

    def _decide(self, listed: Listed) -> Decision | Undecided:
        if not self._terms.rules:
            return NO_RULE
        candidate = Candidate(self._terms.remote, listed.octets)
        return decide(self._terms.rules, candidate, self._situation.now)


def _after_look(listed: Listed, reason: Reason, looked: Looked) -> Step:
    decision = looked.decision
    if looked.known_as is not None and listed.unique_id is not None:
        return Skip(listed, Reason.MOVED, looked.known_as)
    if decision.action is Action.SKIP and reason is not Reason.ASKED_FOR:
        return Skip(listed, Reason.BY_RULE, decision.rule)
    # Without a unique-id the header would be taken again each time.
    is_enough = looked.has_header and listed.unique_id is not None and reason not in WHOLE
    if decision.action is Action.HEADERS and is_enough:
        return Skip(listed, Reason.HEADER_ONLY, decision.rule)
    if decision.action is not Action.FETCH:
        decision = replace(decision, action=Action.FETCH)
    return Fetch(listed, reason, decision)


def _may_be_another(listed: Listed, known: LedgerEntry) -> Reason | None:
    """Return why a server may have given the unique-id to another message, None where it has not.

    RFC 1939, section 7 forbids that, and servers do it: after a message was gone, or where names
    are numbers that others take over. Another size tells.
    """
    if known.removal is Removal.DONE:
        return Reason.RETURNED
    if not (listed.octets and known.octets) or listed.octets == known.octets:
        return None
    return Reason.CHANGED if known.vanished_at is None else Reason.RETURNED


def _why_left(known: LedgerEntry, terms: Terms, newer: int, now: float) -> Reason | None:
    """Return what stands in the way of removing a message that is kept; the dearest comes last."""
    policy = terms.policy
    age = now - known.collected_at
    hindrances = (
        (policy.is_for_ever, Reason.LEFT),
        (terms.is_reader, Reason.READER),
        (bool(known.missing_octets), Reason.INCOMPLETE),
        (age < (policy.delete_after_days or 0) * DAY_SECONDS, Reason.TOO_YOUNG),
        (newer < (policy.keep_newest or 0), Reason.AMONG_NEWEST),
        (bool(policy.after_backups), Reason.NO_BACKUP),  # there are none before backups exist
        (policy.when_archived and known.verified_at is None, Reason.UNVERIFIED),
    )
    return next((reason for stands, reason in hindrances if stands), None)


def settled(there: Container[str], unsure: Iterable[str]) -> Iterator[tuple[str, Removal]]:
    """Yield what became of each removal that nobody confirmed: what is listed is still there.

    No listing has the names that we have made ourselves; those are left out.
    """
    for unique_id in unsure:
        if is_of_server(unique_id):
            yield unique_id, Removal.NONE if unique_id in there else Removal.DONE
