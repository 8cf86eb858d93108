"""What the operator's rules make of a message: values in, one decision out. Pure.

The rules are asked in their order. One that has nothing but tags adds them, and the next is asked;
the first other one that matches decides. What cannot be decided is fetched.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from functools import cached_property
from hashlib import sha256

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.message.fields import Fields, read_fields
from pillarbox.message.headers import HEADER_OCTETS

MOST_HEADER_OCTETS = HEADER_OCTETS  # so long it may have been cut, and decides nothing


class Action(StrEnum):
    """What a rule does with a message; the names of the configuration."""

    FETCH = "fetch"
    SKIP = "skip"  # it stays on the server, and is never removed by us
    HEADERS = "headers"  # its header now, the rest later


class Peeked(Enum):
    """Why there is no header."""

    NOT_YET = "not yet"  # nobody has asked for it
    NOT_TO_BE_HAD = "not to be had"  # no TOP, or TOP was refused, or it was too long to take


class Undecided(Enum):
    """There is no decision yet."""

    NEEDS_HEADER = "needs header"  # and the header may change what is done


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A field of the header that has to hold one of the patterns.

    `field` in lower case. A pattern is found anywhere; one with "*", which stands for any run of
    characters, has to fit the whole field. Case and width of letters are the same.
    """

    field: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """All conditions must hold; none is set: it always matches. `action` None: it only tags.

    `larger_than` and `smaller_than` in octets as the server lists them.
    """

    name: str
    action: Action | None = None
    remote: str | None = None  # None: every remote
    fields: tuple[FieldTest, ...] = ()
    larger_than: int | None = None
    smaller_than: int | None = None
    older_than_days: int | None = None  # by its Date field
    tags: tuple[str, ...] = ()
    set_aside: str | None = None  # why it goes into no maildrop, such as "spam"
    account: str | None = None  # whose it becomes, where it is not the remote's own account
    rest_after_days: int | None = None  # HEADERS: None waits until somebody asks for the rest

    @property
    def decides(self) -> bool:
        """Whether no rule after it is asked: it does more than to tag."""
        return not (self.action is None and self.set_aside is None and self.account is None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message as far as it is known before it is fetched; `octets` as the server lists them."""

    remote: str
    octets: int
    header: bytes | Peeked = Peeked.NOT_YET


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a message; `rule` is whose doing it is, None where no rule decided.

    Where the action is HEADERS, the tags, the account and `set_aside` are for when the rest comes.
    `is_undecided` says that a rule asked for what could not be had, and that it is fetched for
    that.
    """

    action: Action = Action.FETCH
    rule: str | None = None
    tags: tuple[str, ...] = ()  # sorted, each once
    set_aside: str | None = None
    account: str | None = None  # None: the remote's own
    rest_after_days: int | None = None
    is_undecided: bool = False

    def is_like(self, other: "Decision") -> bool:
        """Return whether the same is done, whichever rule's doing it is."""
        return replace(self, rule=None) == replace(other, rule=None)


Rules = tuple[Rule, ...]


def hastened(rules: Rules, expire_days: int | None) -> Rules:
    """Return rules by which the rest comes a day before the server removes mail itself.

    RFC 2449, section 6.7: it does so after `expire_days`; None: never.
    """
    if expire_days is None:
        return rules
    return tuple(_hastened(rule, max(expire_days - 1, 0)) for rule in rules)


def _hastened(rule: Rule, last: int) -> Rule:
    if rule.action is not Action.HEADERS:
        return rule
    days = last if rule.rest_after_days is None else min(rule.rest_after_days, last)
    return replace(rule, rest_after_days=days)


# Each rule that may match, with whether it does: True, or None where that is not known.
_Matching = list[tuple[Rule, bool | None]]


def decide(rules: Rules, candidate: Candidate, now: float) -> Decision | Undecided:
    """Return what is done with a message; `now` in seconds since 1970.

    NEEDS_HEADER only where the header is NOT_YET there, and may change what is done.
    """
    matching = list(_matching(rules, candidate, now))
    sure = _outcome(matching)
    if all(_outcome(matching, rule).is_like(sure) for rule, match in matching if match is None):
        return sure
    if candidate.header is Peeked.NOT_YET:
        return Undecided.NEEDS_HEADER
    return _fetched(sure)


def known_by(rules: Rules, remote: str, now: float) -> bytes:
    """Return what the rules of a remote are known by: a SHA-256.

    Where one of them asks for an age, it is another each day of UTC.
    """
    concerned = [rule for rule in rules if rule.remote in {None, remote}]
    has_age = any(rule.older_than_days is not None for rule in concerned)
    described = repr((concerned, now // DAY_SECONDS if has_age else None))
    return sha256(described.encode("utf-8", "surrogatepass")).digest()


def rest_is_due(decision: Decision, since: float, now: float) -> bool:
    """Return whether the rest of a message is to be fetched whose header we have `since` then."""
    if decision.action is Action.HEADERS and decision.rest_after_days is not None:
        return now - since >= decision.rest_after_days * DAY_SECONDS
    return decision.action is Action.FETCH


def _matching(rules: Rules, candidate: Candidate, now: float) -> Iterator[tuple[Rule, bool | None]]:
    """Yield the rules that may match, up to one that decides for sure."""
    header = _Header(candidate.header)
    for rule in rules:
        match = _match(rule, candidate, header, now)
        if match is not False:
            yield rule, match
        if match and rule.decides:
            return


def _outcome(matching: _Matching, assumed: Rule | None = None) -> Decision:
    """Return what comes out where, of those that are not sure, the assumed one alone matches."""
    tags: set[str] = set()
    for rule, is_sure in matching:
        if is_sure or rule is assumed:
            tags.update(rule.tags)
            if rule.decides:
                return _decision(rule, tags)
    return Decision(tags=tuple(sorted(tags)))


def _decision(rule: Rule, tags: set[str]) -> Decision:
    if rule.action is Action.SKIP:
        return Decision(Action.SKIP, rule.name)
    return Decision(
        rule.action or Action.FETCH,
        rule.name,
        tuple(sorted(tags)),
        rule.set_aside,
        rule.account,
        rule.rest_after_days,
    )


def _fetched(sure: Decision) -> Decision:
    """Return what is done where a rule cannot be decided: what is sure, but fetched it is."""
    rule = sure.rule if sure.action is Action.FETCH else None
    return replace(sure, action=Action.FETCH, rule=rule, rest_after_days=None, is_undecided=True)


class _Header:
    """A header that is read once, when the first rule asks for it."""

    def __init__(self, octets: bytes | Peeked) -> None:
        self._octets = octets
        self._texts: dict[str, list[str]] = {}

    @cached_property
    def fields(self) -> Fields | None:
        """What is in it; None where that is not known."""
        if isinstance(self._octets, Peeked) or len(self._octets) >= MOST_HEADER_OCTETS:
            return None
        return read_fields(self._octets)

    def texts(self, fields: Fields, name: str) -> list[str]:
        """Return the folded texts of all fields of this name."""
        if name not in self._texts:
            self._texts[name] = [_folded(text) for text in fields.texts(name)]
        return self._texts[name]


def _match(rule: Rule, candidate: Candidate, header: _Header, now: float) -> bool | None:
    """Return whether a rule matches; None where that is not known."""
    if not _listing_matches(rule, candidate):
        return False
    answers = [_field_matches(test, header) for test in rule.fields]
    if rule.older_than_days is not None:
        answers.append(_is_older(rule.older_than_days, header, now))
    if False in answers:
        return False
    return None if None in answers else True


def _listing_matches(rule: Rule, candidate: Candidate) -> bool:
    return (
        rule.remote in {None, candidate.remote}
        and (rule.larger_than is None or candidate.octets > rule.larger_than)
        and (rule.smaller_than is None or candidate.octets < rule.smaller_than)
    )


def _field_matches(test: FieldTest, header: _Header) -> bool | None:
    fields = header.fields
    if fields is None:
        return None
    texts = header.texts(fields, test.field)
    return any(_fits(pattern, text) for pattern in map(_folded, test.patterns) for text in texts)


def _is_older(days: int, header: _Header, now: float) -> bool | None:
    date = header.fields.date() if header.fields else None
    return None if date is None else now - date.timestamp() > days * DAY_SECONDS


def _folded(text: str) -> str:
    """Return the text with one case and one width of letters."""
    return unicodedata.normalize("NFKC", text).casefold()


def _fits(pattern: str, text: str) -> bool:
    """Return whether a folded pattern fits, in one pass: no pattern takes long for any text."""
    first, *rest = pattern.split("*")
    if not rest:
        return first in text
    *middle, last = rest
    at, end = len(first), len(text) - len(last)
    if not (text.startswith(first) and text.endswith(last)):
        return False
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end
