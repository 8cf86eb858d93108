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
    "after_removal": N_("after removal"),
    "as_new": N_("as new"),
    "by": N_("by"),
    "count": N_("count"),
    "days": N_("days"),
    "delete_after_days": N_("delete after days"),
    "device": N_("device"),
    "devices": N_("devices"),
    "expires_at": N_("expires at"),
    "given": N_("given"),
    "hour": N_("hour"),
    "hours": N_("hours"),
    "key": N_("key"),
    "known": N_("known"),
    "left": N_("left"),
    "listed_by": N_("listed by"),
    "login_delay_seconds": N_("login delay in seconds"),
    "main_password": N_("main password"),
    "mechanism": N_("mechanism"),
    "name": N_("name"),
    "network": N_("network"),
    "networks": N_("networks"),
    "of": N_("of"),
    "protocol": N_("protocol"),
    "protocols": N_("protocols"),
    "quota_octets": N_("quota in octets"),
    "reach_days": N_("reach in days"),
    "remote": N_("remote"),
    "removal": N_("removal"),
    "removes_what_all_have": N_("removes what all have"),
    "retention_days": N_("retention in days"),
    "role": N_("role"),
    "server": N_("server"),
    "session": N_("session"),
    "session_octets": N_("octets a session"),
    "since": N_("since"),
    "source": N_("from"),
    "taken": N_("taken"),
    "tls": N_("TLS"),
    "until": N_("until"),
    "used_octets": N_("octets used"),
    "user": N_("user"),
    "views": N_("views"),
    "why": N_("reason"),
    "window_days": N_("window in days"),
    "window_since": N_("shown since"),
}
PLAIN = re.compile("[a-z_0-9.]+", re.ASCII)
TIMES = {"expires_at", "since", "window_since"}  # in seconds since 1970
YES, NO = N_("yes"), N_("no")
CLAIMS = {"as_new", "removes_what_all_have"}  # 1 or 0


def facts_in_words(facts: Mapping[str, object], say: Say) -> str:
    """Return facts on one line, safe to show on any terminal."""
    return ", ".join(" ".join(fact_in_words(name, fact, say)) for name, fact in facts.items())


def fact_in_words(name: str, fact: object, say: Say) -> tuple[str, str]:
    """Return what people call a fact, and what it is, both safe to show."""
    return _label(name, say), _word(name, fact, say)


def _word(name: str, fact: object, say: Say) -> str:
    if name in TIMES and fact != "":  # that is what was taken back
        return time_in_words(fact)
    if name in CLAIMS and fact in (0, 1):
        return say(YES if fact else NO)
    return shown(fact)


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
