"""What an account does as a rule, as far as it tells a stranger who has a password from its owner.

A network is new to a device that has come in before, but not from there in the last 90 days. An
hour is odd where the account came in 20 times or more in the last 30 days, and never then or in the
hour before or after. A program that polls day and night makes no hour odd. What is noted is as old
as a day: a sign-in that is no news writes nothing.
"""

from dataclasses import dataclass

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Rows

NETWORK_DAYS = 90
HOUR_DAYS = 30
ENOUGH = 20  # sign-ins: before there is a habit, every hour would be odd

NETWORK = "SELECT seen_at FROM view_networks WHERE view_id = ? AND network = ? AND seen_at >= ?"
NOTE_NETWORK = """
    INSERT INTO view_networks (view_id, network, seen_at) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at
"""
FORGET_NETWORKS = "DELETE FROM view_networks WHERE view_id = ? AND seen_at < ?"
HOURS = "SELECT hour, seen_at, sign_ins FROM account_hours WHERE account_id = ? AND seen_at >= ?"
NOTE_HOUR = """
    INSERT INTO account_hours (account_id, hour, seen_at, sign_ins) VALUES (?, ?, ?, 1)
    ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at, sign_ins = sign_ins + 1
"""
FORGET_HOURS = "DELETE FROM account_hours WHERE account_id = ? AND seen_at < ?"


@dataclass(frozen=True, slots=True)
class Visit:
    """A sign-in that is let in."""

    account: AccountId
    view: int
    network: str | None  # None: from this machine's file system
    now: int
    hour: int  # by the server's clock


def is_new_network(rows: Rows, visit: Visit) -> bool:
    """Note from where a view comes in; return whether it was not there lately."""
    if visit.network is None:
        return False
    since = visit.now - NETWORK_DAYS * DAY_SECONDS
    seen = rows.one(NETWORK, visit.view, visit.network, since)
    if seen is None or not _is_fresh(seen[0], visit.now):
        rows.run(NOTE_NETWORK, visit.view, visit.network, visit.now)
        rows.run(FORGET_NETWORKS, visit.view, since)
    return seen is None


def is_odd_hour(rows: Rows, visit: Visit) -> bool:
    """Note when an account comes in; return whether it never did so lately."""
    since = visit.now - HOUR_DAYS * DAY_SECONDS
    known = {hour: (seen, count) for hour, seen, count in rows.all(HOURS, visit.account, since)}
    near = {(visit.hour + offset) % 24 for offset in (-1, 0, 1)}
    seen, count = known.get(visit.hour, (visit.now, 0))
    if count < ENOUGH or not _is_fresh(seen, visit.now):
        rows.run(FORGET_HOURS, visit.account, since)  # so that its number starts anew
        rows.run(NOTE_HOUR, visit.account, visit.hour, visit.now)
    return sum(count for _, count in known.values()) >= ENOUGH and near.isdisjoint(known)


def _is_fresh(seen: int, now: int) -> bool:
    # What is still to come was noted before the clock was set back.
    return seen <= now < seen + DAY_SECONDS
