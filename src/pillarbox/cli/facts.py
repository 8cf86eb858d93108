"""Facts of the audit and of alerts in a reader's words. What they say comes from outside."""

from collections.abc import Callable, Mapping

from pillarbox.base.words import N_
from pillarbox.cli.words import _
from pillarbox.journal.journal import shown

# Name of a fact: what people call it. One that is not here is called by its name.
LABELS = {
    "account": N_("account"),
    "by": N_("by"),
    "count": N_("count"),
    "device": N_("device"),
    "key": N_("key"),
    "mechanism": N_("mechanism"),
    "name": N_("name"),
    "new_name": N_("new name"),
    "protocol": N_("protocol"),
    "reason": N_("reason"),
    "remote": N_("remote"),
    "role": N_("role"),
    "server": N_("server"),
    "session": N_("session"),
    "source": N_("from"),
    "tls": N_("TLS"),
    "until": N_("until"),
    "user": N_("user"),
    "why": N_("reason"),
}


def facts_in_words(facts: Mapping[str, object], say: Callable[[str], str] = _) -> str:
    """Return facts on one line, safe to show on any terminal."""
    return ", ".join(f"{label(name, say)} {shown(fact)}" for name, fact in facts.items())


def label(name: str, say: Callable[[str], str] = _) -> str:
    """Return what people call a fact, safe to show."""
    return say(LABELS[name]) if name in LABELS else shown(name.replace("_", " "))
