"""Whether a view shows a message. Pure: the one place that decides it.

The query that reads a maildrop leaves out what this would leave out; a test holds both together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.store.views.policy import AccountPolicy, ViewPolicy

LONG_AGO = -1  # before any message arrived


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a message, and what one view knows of it; times in seconds."""

    arrived_at: int
    wanted_at: int | None = None  # a master's DELE, whichever device's it was
    had_at: int | None = None
    hidden_at: int | None = None  # by this view's own DELE


@dataclass(frozen=True, slots=True)
class Rule:
    """A view's policy at one moment: two times, and what comes later is shown."""

    after: int  # what arrived then or earlier is not shown
    wanted_after: int  # what was to be removed then or earlier is not shown, had or not


def rule_of(account: AccountPolicy, view: ViewPolicy, now: int) -> Rule:
    """Return what a view shows now."""
    days = [days for days in (view.window_days, view.retention_days) if days]
    afters = [now - each * DAY_SECONDS for each in days]
    if view.window_since is not None:
        afters.append(view.window_since - 1)
    return Rule(max(afters, default=LONG_AGO), now - account.waiting_seconds)


def is_shown(facts: Facts, rule: Rule) -> bool:
    """Return whether a view shows a message, if not in this session then in a later one."""
    if facts.hidden_at is not None or facts.arrived_at <= rule.after:
        return False
    if facts.wanted_at is None:
        return True
    return facts.had_at is None and facts.wanted_at > rule.wanted_after


def in_one_session(messages: Iterable[tuple[bool, int]], most_octets: int) -> Iterator[bool]:
    """Say of each message that is shown, oldest first, whether it is in this session.

    Each is given as whether the device has had it or passed it over, and its octets. What it has
    had stays in the list, so that it goes on knowing the unique-ids. Of the others come the oldest,
    up to so many octets; one comes in any case, however big, or nothing would ever come after it.
    Nor would it if what the client does not fetch stood in the way for ever.
    """
    octets = 0
    is_over = False
    for known, each in messages:
        if not known:
            is_over = is_over or (octets > 0 and octets + each > most_octets)
            octets += each
        yield known or not is_over
