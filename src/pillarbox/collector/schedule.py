"""When a remote's turn is: at an interval, or by a cron expression in local time.

The time comes in as an argument; croniter reads the expressions (ADR 0021).
"""

import re
from datetime import datetime, timedelta, timezone
from importlib import import_module

from pillarbox.accounts.remote_settings import Schedule
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.base.errors import OperatorFault

HOUR_SECONDS = 3_600
# crontab(5). croniter knows fields for chance and hashes as well, R and H: they are not cron's.
FIELDS = re.compile(r"(?!.*(?:^|[\s,])[RHrh](?:[\s(/]|$))[^\s@]+(?:\s+\S+){4}|@[a-z]+", re.ASCII)


def require_cron(text: str, now: float) -> str:
    """Return a cron expression; raises OperatorFault for what is none, or will never hold."""
    if next_by_cron(text, now) is None:
        raise OperatorFault(
            "{cron!r} is no cron expression that ever holds: it has five fields.", cron=text
        )
    return text


def next_by_cron(text: str, after: float) -> float | None:
    """Return when an expression next holds; None where it never does, or is none."""
    if not FIELDS.fullmatch(text.strip()):
        return None
    try:
        return _next(text.strip(), after)
    except (ValueError, OverflowError, OSError):
        return None


def _next(text: str, after: float) -> float:
    """Return when the clock on the wall next fits, also where it is put forward or back before.

    An hour that is left out is at its end; of an hour that comes twice both are as good.
    """
    zone = _zone_at(after)
    plain = _next_in(zone, text, after)
    other = _zone_at(plain)
    if other == zone:
        return plain
    ahead = other.utcoffset(None) - zone.utcoffset(None)
    since = plain - max(ahead.total_seconds(), 0) - 1  # what fits before it by the other offset
    moved = _next_in(other, text, max(after, since))
    return moved if _zone_at(moved) == other else plain


def _next_in(zone: timezone, text: str, after: float) -> float:
    croniter = import_module("croniter").croniter  # loaded where there is an expression
    return float(croniter(text, datetime.fromtimestamp(after, zone)).get_next(float))


def _zone_at(at: float) -> timezone:
    """Return the local offset from UTC at a time, for all times."""
    return timezone(datetime.fromtimestamp(at).astimezone().utcoffset() or timedelta())


def turn_after(schedule: Schedule, after: float, default_seconds: float) -> float:
    """Return when a remote's turn is that was last tried then."""
    by_cron = next_by_cron(schedule.cron, after) if schedule.cron else None
    if by_cron is not None:
        return by_cron
    return after + (schedule.interval_seconds or default_seconds)


def stale_at(schedule: Schedule, since: float, default_seconds: float) -> float:
    """Return when somebody is to hear that a remote has not been collected from since then.

    That is a day, or a turn missed by an hour where the turns are further apart.
    """
    return max(since + DAY_SECONDS, turn_after(schedule, since, default_seconds) + HOUR_SECONDS)
