"""Alerts: what somebody is to be told soon. They wait in the database until somebody has been.

Whoever tells one claims it first, for a while: of several processes one tells it, and where that
one dies in between another tells it again. So it may be told twice, and is never lost.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pillarbox.base.clock import DAY_SECONDS, Clock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.journal.audit import Fact, read_facts, written

STALE_DAYS = 7  # older ones are news to nobody: `alert list` has them
PAGE_ALERTS = 1_000  # in memory at a time

WAITING = """
    SELECT id FROM alerts WHERE told_at IS NULL AND next_at <= ? AND at > ? ORDER BY id LIMIT 1
"""
ONE = """
    SELECT alerts.id, at, kind, account_id, name, coalesce(state, '') = 'removed', facts, told_by,
           tries, told_at
    FROM alerts LEFT JOIN accounts ON accounts.id = account_id WHERE alerts.id = ?
"""
PAGE = """
    SELECT alerts.id, at, kind, account_id, name, coalesce(state, '') = 'removed', facts, told_by,
           tries, told_at
    FROM alerts LEFT JOIN accounts ON accounts.id = account_id
    WHERE alerts.id > ? ORDER BY alerts.id LIMIT ?
"""


class AlertKind(StrEnum):
    """Why; names in the database, never reused."""

    NEW_NETWORK = "new-network"
    ODD_HOUR = "odd-hour"
    LOCKED = "locked"
    MASS_DELETE = "mass-delete"
    REVOKED_DEVICE = "revoked-device"
    QUOTA = "quota"
    NOT_COLLECTED = "not-collected"
    AUTHORISATION_ENDED = "authorisation-ended"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; times in seconds since 1970-01-01 UTC. `tries` counts the claims."""

    number: int
    at: int
    kind: str
    account: AccountId | None = None
    name: str | None = None  # the account's
    is_removed: bool = False  # whether the account is
    facts: Mapping[str, object] = field(default_factory=dict)
    told_by: frozenset[str] = frozenset()  # the ways that somebody was told by
    tries: int = 0
    told_at: int | None = None  # when every way had told it


def raise_alert(
    rows: Rows, at: int, kind: AlertKind, account: AccountId | None, **facts: Fact
) -> None:
    """Have somebody told, inside the transaction of what happened."""
    rows.run(
        "INSERT INTO alerts (at, kind, account_id, facts) VALUES (?, ?, ?, ?)",
        at,
        kind,
        account,
        written(facts),
    )


class Alerts:
    """The alerts of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self) -> Iterator[Alert]:
        """Yield every alert, the oldest first."""
        last = 0
        while page := self._page(last):
            yield from page
            last = page[-1].number

    def claim(self, seconds: int) -> Alert | None:
        """Return the oldest alert that waits, nobody else's for so long; None where none does."""
        now = int(self._clock.now())
        with self._database.reading() as rows:  # mostly none does: no writer has to wait for that
            if _first(rows, now) is None:
                return None
        return self._database.write(lambda rows: _claim(rows, now, now + seconds))

    def note_told(self, alert: Alert, way: str) -> None:
        """Note that somebody was told by one way."""

        def note(rows: Rows) -> None:
            row = rows.one("SELECT told_by FROM alerts WHERE id = ?", alert.number)
            told_by = set(json.loads(row[0])) if row else set()
            ways = json.dumps(sorted(told_by | {way}))
            rows.run("UPDATE alerts SET told_by = ? WHERE id = ?", ways, alert.number)

        self._database.write(note)

    def close(self, alert: Alert) -> None:
        """Note that an alert has been told by every way that there is."""
        now = int(self._clock.now())
        self._database.write(
            lambda rows: rows.run("UPDATE alerts SET told_at = ? WHERE id = ?", now, alert.number)
        )

    def put_off(self, alert: Alert, seconds: int) -> None:
        """Let an alert rest for so long before the next try."""
        then = int(self._clock.now()) + seconds
        self._database.write(
            lambda rows: rows.run("UPDATE alerts SET next_at = ? WHERE id = ?", then, alert.number)
        )

    def _page(self, last: int) -> Sequence[Alert]:
        with self._database.reading() as rows:
            return [_alert(row) for row in rows.all(PAGE, last, PAGE_ALERTS)]


def _first(rows: Rows, now: int) -> Row | None:
    return rows.one(WAITING, now, now - STALE_DAYS * DAY_SECONDS)


def _claim(rows: Rows, now: int, until: int) -> Alert | None:
    first = _first(rows, now)
    if first is None:
        return None
    rows.run("UPDATE alerts SET next_at = ?, tries = tries + 1 WHERE id = ?", until, first[0])
    row = rows.one(ONE, first[0])
    return _alert(row) if row else None


def _alert(row: Row) -> Alert:
    number, at, kind, account, name, is_removed, facts, told_by, tries, told_at = row
    return Alert(
        number=number,
        at=at,
        kind=kind,
        account=account,
        name=name,
        is_removed=bool(is_removed),
        facts=read_facts(facts),
        told_by=frozenset(json.loads(told_by)),
        tries=tries,
        told_at=told_at,
    )
