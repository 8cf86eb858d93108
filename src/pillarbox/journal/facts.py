"""Facts of the audit and of alerts in a reader's words. What they say comes from outside."""

from collections.abc import Callable, Mapping

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


def facts_in_words(facts: Mapping[str, object], say: Say) -> str:
    """Return facts on one line, safe to show on any terminal."""
    return ", ".join(f"{label(name, say)} {shown(fact)}" for name, fact in facts.items())


def label(name: str, say: Say) -> str:
    """Return what people call a fact, safe to show."""
    return say(LABELS[name]) if name in LABELS else shown(name.replace("_", " "))
