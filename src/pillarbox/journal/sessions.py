"""The record of sessions: written beside them in batches, kept for a time, read by people.

It is no audit: under a flood, or where the disk fails, records are left out, and the journal counts
them.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from pillarbox.base.clock import DAY_SECONDS, Clock
from pillarbox.base.errors import Fault
from pillarbox.base.names import AccountId, DeviceId, SessionId
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.journal.journal import Journal
from pillarbox.journal.session_record import SessionRecord, Step, Told

# As astuple returns it, which copies each field and takes half of the recorder's time.
FIELDS = attrgetter(*(field.name for field in fields(Step)))

MOST_WAITING = 10_000  # records; a server that makes more in a batch's time is being flooded
BATCH = 64  # in one transaction: what else shares its commit waits so long at most
REST_SECONDS = 0.5  # between batches; most sessions have ended by then, and are written once

SHORT_DAYS = 7  # for strangers' sessions, and for those in which nothing was read
STRANGERS = 10_000  # sessions of nobody's that are kept at most
PRUNE_AFTER = 1_000  # strangers' sessions, so that no flood fills the disk between two chores

PUT = """
    INSERT OR REPLACE INTO sessions (id, account_id, device_id, tried_id, server, began_at,
        ended_at, source, protocol, tls, mechanism, how, octets, read_ids, seen_ids, removed_ids,
        timeline)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
ACCOUNT = "SELECT id FROM accounts WHERE name = ? AND state <> 'removed'"
SELECT = """
    SELECT s.id, s.account_id, a.name, s.device_id, d.name, t.name, s.server, s.began_at,
        s.ended_at, s.source, s.protocol, s.tls, s.mechanism, s.how, s.octets, s.read_ids,
        s.seen_ids, s.removed_ids
    FROM sessions s LEFT JOIN accounts a ON a.id = s.account_id
    LEFT JOIN devices d ON d.id = s.device_id LEFT JOIN accounts t ON t.id = s.tried_id
"""
LISTED = (
    SELECT
    + """
    WHERE s.began_at >= ?1 AND (?2 IS NULL OR s.account_id = ?2 OR s.tried_id = ?2)
    ORDER BY s.began_at DESC, s.rowid DESC LIMIT ?3
"""
)
DROP_OLD = """
    DELETE FROM sessions WHERE began_at < ?1 OR began_at < ?2 AND (account_id IS NULL
        OR ended_at IS NOT NULL AND read_ids = '' AND seen_ids = '' AND removed_ids = '')
"""
DROP_STRANGERS = """
    DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE account_id IS NULL
        ORDER BY began_at DESC LIMIT -1 OFFSET ?)
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One session as it is kept; names are those of now."""

    id: SessionId
    account: AccountId | None
    account_name: str | None
    device: DeviceId | None
    device_name: str | None
    tried_name: str | None  # the account that somebody tried in vain to come in as
    server: str
    began_at: int
    ended_at: int | None
    source: str
    protocol: str
    tls: str | None
    mechanism: str | None
    how: str | None
    octets: int
    read: str  # ids of messages in ranges
    seen: str
    removed: str


class Sessions:
    """The sessions that a database knows of. Each call raises StoreFault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, account: AccountId | None, since: int, most: int) -> Sequence[Session]:
        """Return the latest, oldest first: an account's (None: all), and those who tried it."""
        with self._database.reading() as rows:
            found = rows.all(LISTED, since, account, most)
        return [Session(*row) for row in reversed(found)]

    def show(self, session: str) -> tuple[Session, Told] | None:
        """Return one session with what there is to tell of it."""
        with self._database.reading() as rows:
            found = rows.one(SELECT + " WHERE s.id = ?", session)
            text = rows.one("SELECT timeline FROM sessions WHERE id = ?", session)
        return None if found is None or text is None else (Session(*found), _told(text))

    def prune(self, now: int, days: int) -> int:
        """Forget what is older than so many days (0: nothing), and strangers' sooner."""
        oldest = now - days * DAY_SECONDS if days else 0
        short = now - SHORT_DAYS * DAY_SECONDS
        return self._database.write(lambda rows: _drop(rows, max(oldest, 0), short))


def _drop(rows: Rows, oldest: int, short: int) -> int:
    return rows.run(DROP_OLD, oldest, short) + rows.run(DROP_STRANGERS, STRANGERS)


class Recorder:
    """Writes records in a thread of its own; `note` neither waits nor fails."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        journal: Journal,
        server: str,
        account_name: Callable[[str], str | None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal
        self._server = server
        self._account_name = account_name
        self._waiting: deque[SessionRecord] = deque()
        self._has_come = threading.Event()
        self._is_closing = threading.Event()
        self._dropped = 0
        self._strangers = 0
        self._thread = threading.Thread(target=self._run, name="sessions", daemon=True)
        self._thread.start()

    def now(self) -> float:
        """Return the time of day."""
        return self._clock.now()

    def note(self, record: SessionRecord) -> None:
        """Take a record; where too many wait it is counted and forgotten."""
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
            return
        self._waiting.append(record)
        self._has_come.set()

    def close(self) -> None:
        """Write what is left, and end the thread."""
        self._is_closing.set()
        self._has_come.set()
        self._thread.join()

    def _run(self) -> None:
        while self._waiting or not self._is_closing.is_set():
            self._has_come.wait()
            self._has_come.clear()
            self._is_closing.wait(REST_SECONDS)
            while self._waiting:
                self._write_batch()

    def _write_batch(self) -> None:
        # Of one session the last counts.
        batch = {}
        for _ in range(min(BATCH, len(self._waiting))):
            record = self._waiting.popleft()
            batch[record.id] = record
        try:
            self._database.write(lambda rows: self._put(rows, batch.values()))
        except Fault as fault:
            self._note_lost(len(batch), fault)
        lost, self._dropped = self._dropped, 0
        if lost:
            self._note_lost(lost, "too many")

    def _put(self, rows: Rows, records: Iterable[SessionRecord]) -> None:
        for record in records:
            rows.run(PUT, *_row(record, self._server, self._tried(rows, record)))
            self._strangers += record.account is None
        if self._strangers >= PRUNE_AFTER:
            self._strangers = 0
            rows.run(DROP_STRANGERS, STRANGERS)

    def _tried(self, rows: Rows, record: SessionRecord) -> int | None:
        name = self._account_name(record.tried) if record.tried else None
        found = rows.one(ACCOUNT, name) if name else None
        return None if found is None else int(found[0])

    def _note_lost(self, count: int, why: object) -> None:
        self._journal.note("sessions.lost", count=count, why=why)


def _row(record: SessionRecord, server: str, tried: int | None) -> tuple[object, ...]:
    told = record.told
    timeline = {
        "steps": [FIELDS(step) for step in told.steps],
        "left_out": told.left_out,
        "counts": told.counts,
    }
    return (
        *(record.id, record.account, record.device, tried, server),
        *(record.began_at, record.ended_at, record.source, record.protocol, record.tls),
        *(record.mechanism, record.how, record.octets, record.read, record.seen, record.removed),
        json.dumps(timeline, separators=(",", ":")),
    )


def _told(row: Row) -> Told:
    timeline = json.loads(row[0])
    return Told(tuple(map(_step, timeline["steps"])), timeline["left_out"], timeline["counts"])


def _step(fields: Sequence[Any]) -> Step:
    at_ms, stage, what, first, last, count, reply, octets, notes = fields
    return Step(at_ms, stage, what, first, last, count, reply, octets, tuple(notes))
