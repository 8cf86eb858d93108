"""Facts of the audit and of alerts in a reader's words. What they say comes from outside."""

import re
from collections.abc import Callable, Mapping

from pillarbox.base.clock import shown_time
from pillarbox.base.words import N_
from pillarbox.journal.journal import shown

Say = Callable[[str], str]  # translates an English text

# Name of a fact: what people call it. One that is not here is called by its name.
LABELS = {
    "account": N_("account"),
    "by": N_("by"),
    "count": N_("count"),
    "delete_after_days": N_("delete after days"),
    "device": N_("device"),
    "hour": N_("hour"),
    "key": N_("key"),
    "mechanism": N_("mechanism"),
    "name": N_("name"),
    "network": N_("network"),
    "protocol": N_("protocol"),
    "quota_octets": N_("quota in octets"),
    "remote": N_("remote"),
    "role": N_("role"),
    "server": N_("server"),
    "session": N_("session"),
    "source": N_("from"),
    "tls": N_("TLS"),
    "until": N_("until"),
    "used_octets": N_("octets used"),
    "user": N_("user"),
    "why": N_("reason"),
}
PLAIN = re.compile("[a-z_0-9.]+", re.ASCII)
TIMES = {"expires_at", "window_since"}  # in seconds since 1970


def facts_in_words(facts: Mapping[str, object], say: Say) -> str:
    """Return facts on one line, safe to show on any terminal."""
    return ", ".join(" ".join(fact_in_words(name, fact, say)) for name, fact in facts.items())


def fact_in_words(name: str, fact: object, say: Say) -> tuple[str, str]:
    """Return what people call a fact, and what it is, both safe to show."""
    is_time = name in TIMES and fact != ""  # that is what was taken back
    return _label(name, say), time_in_words(fact) if is_time else shown(fact)


def time_in_words(seconds: object) -> str:
    """Return a time; whatever somebody has put in its place is shown as it is."""
    try:
        return shown_time(seconds) if isinstance(seconds, int) else shown(seconds)
    except (ValueError, OverflowError, OSError):
        return shown(seconds)


def _label(name: str, say: Say) -> str:
    if name in LABELS:
        return say(LABELS[name])
    words = name if "." in name else name.replace("_", " ")  # what the configuration says has dots
    return words if PLAIN.fullmatch(name) else shown(words)
