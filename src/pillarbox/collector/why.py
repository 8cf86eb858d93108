"""Why something is done with a message, or is not, in words; and offline, from the ledger. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from pillarbox.archive.ledger import LedgerEntry, Removal, State
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.base.words import N_
from pillarbox.client.listing import Listed
from pillarbox.collector.plan import Reason, Terms, leave


class Absence(StrEnum):
    """Why a message is on the server no more, as far as is known; scripts know these names."""

    REMOVED = "removed"  # we asked for that, and the server said so
    PERHAPS_REMOVED = "perhaps removed"  # we asked, and were not answered
    VANISHED = "vanished"  # somebody else removed it, or it is not shown for a while


WORDS: dict[Reason | Absence, str] = {
    Reason.NEW: N_("It is new: nothing is known of it."),
    Reason.UNNAMED: N_("The server gives it no unique-id of its own: its content has to tell."),
    Reason.RETURNED: N_("It was gone from the server and is back: it may be another message."),
    Reason.CHANGED: N_("The server lists it with another size: it may be another message."),
    Reason.DAMAGED: N_("What is stored of it is not what came: it is fetched again."),
    Reason.REST: N_("Its header is stored, and the rest is due."),
    Reason.ASKED_FOR: N_("Somebody asked for it, whatever rules and limits say."),
    Reason.FOR_RULE: N_("A rule asks for its header."),
    Reason.FOR_MATCH: N_("It may be known under another unique-id: its header has to tell."),
    Reason.MOVED: N_("It is stored, and was known under another unique-id."),
    Reason.LEFT: N_("It is stored; the remote is set to leave mail on the server."),
    Reason.READER: N_("It is stored; another machine is the one that removes mail there."),
    Reason.INCOMPLETE: N_(
        "It is stored, but fewer octets came than the server lists: it may be cut short, so it is"
        " never removed there."
    ),
    Reason.TOO_YOUNG: N_("It is stored; its days on the server are not over."),
    Reason.AMONG_NEWEST: N_("It is stored; it is one of the newest, which stay on the server."),
    Reason.NO_BACKUP: N_("It is stored, but there is no backup yet."),
    Reason.UNVERIFIED: N_("It is stored, and was not read back yet."),
    Reason.SEEN: N_("Another program had fetched it before: it is neither fetched nor removed."),
    Reason.BY_RULE: N_("A rule passes it over: it is neither fetched nor removed."),
    Reason.HEADER_ONLY: N_("A rule takes its header alone; the rest is on the server."),
    Reason.STUCK: N_(
        "It broke a session and has not come since: it is asked for behind all others, and more and"
        " more rarely."
    ),
    Reason.LIMIT: N_("A limit is reached: it is for a later session."),
    Reason.DUE: N_("It is stored, and all that was asked for holds: it is removed there."),
    Absence.REMOVED: N_("It was removed there, and the server confirmed it."),
    Absence.PERHAPS_REMOVED: N_(
        "It was to be removed, and the server did not confirm it: the next session will know."
    ),
    Absence.VANISHED: N_("The server lists it no more; it was not removed by Pillarbox."),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a message is on the server, None where that is not sure, and why.

    `due_at` is when its days there are over, in seconds since 1970.
    """

    is_there: bool | None
    reason: Reason | Absence
    due_at: int | None = None


def standing(entry: LedgerEntry, terms: Terms, newer: int, now: float) -> Standing:
    """Return what the ledger knows; so many messages that are `newer` are there."""
    if entry.removal is Removal.DONE:
        return Standing(is_there=False, reason=Absence.REMOVED)
    if entry.removal is Removal.PERHAPS:
        return Standing(is_there=None, reason=Absence.PERHAPS_REMOVED)
    if entry.vanished_at is not None:
        return Standing(is_there=False, reason=Absence.VANISHED)
    reason = _why_there(entry, terms, newer, now)
    due_at = _due_at(entry, terms) if reason is Reason.TOO_YOUNG else None
    return Standing(is_there=True, reason=reason, due_at=due_at)


NOT_KEPT = {
    State.SEEN: Reason.SEEN,
    State.SKIPPED: Reason.BY_RULE,
    State.HEADERS: Reason.HEADER_ONLY,
}


def _why_there(entry: LedgerEntry, terms: Terms, newer: int, now: float) -> Reason:
    if entry.state is not State.KEPT:
        return NOT_KEPT[entry.state]
    if entry.damaged_at is not None:
        return Reason.DAMAGED
    return leave(Listed(0, entry.octets or 0, None), entry, terms, newer, now).reason


def _due_at(entry: LedgerEntry, terms: Terms) -> int:
    return entry.collected_at + (terms.policy.delete_after_days or 0) * DAY_SECONDS
