"""Messages that broke a session, in words and for programs."""

from pillarbox.archive.troubles import Stuck, Why
from pillarbox.base.clock import shown_time
from pillarbox.base.words import N_

WORDS = {
    Why.CUT: N_("The connection ended in it. It is asked for again, behind all others."),
    Why.TOO_SLOW: N_("It did not come in time. It is asked for again, behind all others."),
    Why.TOO_LARGE: N_("It is larger than any mail. It is asked for again, behind all others."),
    Why.GARBLED: N_(
        "What came in its place is no reply. It is asked for again, behind all others."
    ),
}


def stuck_fields(stuck: Stuck) -> dict[str, object]:
    """Return what is known of one, for programs."""
    return {
        "unique_id": stuck.name,
        "octets": stuck.octets,
        "why": stuck.why.value,
        "times": stuck.times,
        "since": shown_time(stuck.since),
        "tried_at": shown_time(stuck.tried_at),
    }
