"""Messages that break sessions: which one did, and when it is asked for again. Pure.

They are for a session of their own, behind one that does all the rest and ends well: what cannot be
had keeps nothing else from being fetched, or removed.
"""

from array import array
from collections.abc import Mapping, Sequence
from itertools import chain

from pillarbox.archive.troubles import Stuck, Why
from pillarbox.base.errors import Fault, PeerFault
from pillarbox.client.faults import HungUpFault, MessageTooLargeFault
from pillarbox.client.listing import Listed, Listing, Picked
from pillarbox.net.deadline import TooSlowFault
from pillarbox.net.imap_faults import ImapBrokenFault, ImapGarbledFault
from pillarbox.wire.pop3.answers import GarbageFault, ReplyTooLongFault, UnsolicitedFault

TRIES_AT_ONCE = 6  # whenever there is a session
FIRST_REST_SECONDS = 3_600  # then it doubles: an endless message costs its octets at every try
DOUBLINGS = 5
LONGEST_REST_SECONDS = 86_400

# The first class that fits; the rest does not come of a message.
WHY: tuple[tuple[tuple[type[Fault], ...], Why], ...] = (
    ((HungUpFault, ImapBrokenFault), Why.CUT),
    ((TooSlowFault,), Why.TOO_SLOW),
    ((MessageTooLargeFault,), Why.TOO_LARGE),
    ((GarbageFault, ImapGarbledFault, ReplyTooLongFault, UnsolicitedFault), Why.GARBLED),
)


def why_stuck(fault: Fault | None) -> Why | None:
    """Return how a message may have broken the session; None: that is not what came of it.

    What breaks TLS is no message's doing, nor what smells of somebody in between.
    """
    if type(fault) is PeerFault:  # the connection was reset
        return Why.CUT
    return next((why for kinds, why in WHY if isinstance(fault, kinds)), None)


def name_of(listed: Listed) -> str:
    """Return what a message is known by here; a stand-in has spaces, as no unique-id has."""
    return listed.unique_id or f"number {listed.number} of {listed.octets}"


def is_to_blame(stuck: Stuck) -> bool:
    """Return whether it is likely to break the next session too: any path breaks once."""
    return stuck.times > 1 or stuck.why in {Why.TOO_LARGE, Why.GARBLED}


def rests(stuck: Stuck, now: float) -> bool:
    """Return whether it is left alone for a while."""
    more = stuck.times - TRIES_AT_ONCE
    if more < 0 or stuck.tried_at > now:
        return False
    rest = min(FIRST_REST_SECONDS << min(more, DOUBLINGS), LONGEST_REST_SECONDS)
    return now < stuck.tried_at + rest


def last_tried_last(listing: Listing, stuck: Mapping[str, Stuck]) -> Sequence[Listed]:
    """Return the listing with what is stuck at its end, so that each has its turn."""
    tried: dict[int, tuple[int, int]] = {}
    for place, listed in enumerate(listing if stuck else ()):
        if known := stuck.get(name_of(listed)):
            tried[place] = (known.tried_at, known.times)
    if not tried:
        return listing
    others = (place for place in range(len(listing)) if place not in tried)
    return Picked(listing, array("I", chain(others, sorted(tried, key=tried.__getitem__))))
