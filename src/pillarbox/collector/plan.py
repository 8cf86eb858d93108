"""What is to be done with each message that a server lists: values in, steps out. Pure.

The same plan is made twice in a session: once to know what to fetch, and once more, when the ledger
knows what was fetched, for what may be removed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from pillarbox.accounts.remotes import LeavePolicy
from pillarbox.archive.ledger import LedgerEntry, Removal, is_content_id
from pillarbox.client.listing import Listed

DAY_SECONDS = 86_400


class Reason(StrEnum):
    """Why a step is what it is."""

    NEW = "new"  # nothing is known of it
    UNNAMED = "unnamed"  # only its content tells whether it is known
    RETURNED = "returned"  # the server said it was gone: it may be another message
    LEFT = "left"  # kept, and left on the server for ever
    TOO_YOUNG = "too young"  # kept, and left on the server for some days more
    DUE = "due"  # kept, and its days on the server are over


@dataclass(frozen=True, slots=True)
class Skip:
    """It stays where it is."""

    listed: Listed
    reason: Reason


@dataclass(frozen=True, slots=True)
class Fetch:
    """It is to be kept."""

    listed: Listed
    reason: Reason


@dataclass(frozen=True, slots=True)
class Remove:
    """It is kept, and may go from the server."""

    listed: Listed
    reason: Reason


Step = Skip | Fetch | Remove


def plan(
    listing: Iterable[Listed], ledger: Mapping[str, LedgerEntry], policy: LeavePolicy, now: float
) -> list[Step]:
    """Return one step a message, in the order of the listing; `now` in seconds since 1970."""
    return [_step(listed, ledger.get(listed.unique_id or ""), policy, now) for listed in listing]


def _step(listed: Listed, known: LedgerEntry | None, policy: LeavePolicy, now: float) -> Step:
    if listed.unique_id is None:
        return Fetch(listed, Reason.UNNAMED)
    if known is None:
        return Fetch(listed, Reason.NEW)
    if known.removal is Removal.DONE:
        return Fetch(listed, Reason.RETURNED)
    if policy.delete_after_days is None:
        return Skip(listed, Reason.LEFT)
    if now - known.collected_at < policy.delete_after_days * DAY_SECONDS:
        return Skip(listed, Reason.TOO_YOUNG)
    return Remove(listed, Reason.DUE)


def without_shared_names(listing: Iterable[Listed]) -> list[Listed]:
    """Return the listing with no unique-id where two messages have the same.

    RFC 1939, section 7 forbids that, and servers do it: then the id says nothing.
    """
    listing = list(listing)
    times = Counter(listed.unique_id for listed in listing)
    return [
        replace(listed, unique_id=None) if times[listed.unique_id] > 1 else listed
        for listed in listing
    ]


def settled(
    listing: Iterable[Listed], ledger: Mapping[str, LedgerEntry]
) -> Iterator[tuple[str, Removal]]:
    """Yield what became of each removal that nobody confirmed: what is listed is still there.

    Where content stands in for the unique-id, only fetching tells; those are left out.
    """
    there = {listed.unique_id for listed in listing}
    for unique_id, entry in ledger.items():
        if entry.removal is Removal.PERHAPS and not is_content_id(unique_id):
            yield unique_id, Removal.NONE if unique_id in there else Removal.DONE
