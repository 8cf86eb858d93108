"""What we know of each message on a remote. Rows are never dropped because a listing lacks them."""

from collections.abc import Collection, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Protocol

from pillarbox.archive.troubles import Troubles
from pillarbox.base.names import RemoteId
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.store.blobs.port import Digest
from pillarbox.store.store import MessageId

BATCH = 1000  # rows in memory, or in one transaction
NOTED_AT_ONCE = 10_000  # rows in one transaction, where one more costs a session time

# In the order of LedgerEntry, but for what _entry turns.
ENTRIES = """
    SELECT unique_id, message_id, collected_at, removal, state, octets, header_digest, vanished_at,
           verified_at, rule, damaged_at, missing_octets, judged_by
    FROM ledger WHERE remote_id = ?
"""
ONE = """
    SELECT message_id, collected_at, removal, state, octets, header_digest, vanished_at,
           verified_at, rule, damaged_at, missing_octets, judged_by
    FROM ledger WHERE remote_id = ? AND unique_id = ?
"""
# What was collected before sizes were noted has the size of its blob.
PAGE = """
    SELECT ledger.unique_id, vanished_at IS NULL, removal, coalesce(ledger.octets, blobs.octets),
           message_id, damaged_at
    FROM ledger LEFT JOIN messages ON messages.id = message_id LEFT JOIN blobs USING (digest)
    WHERE remote_id = ? AND ledger.unique_id > ? ORDER BY ledger.unique_id LIMIT ?
"""
UNSURE = """
    SELECT unique_id FROM ledger
    WHERE remote_id = ? AND unique_id > ? AND removal = 'perhaps' ORDER BY unique_id LIMIT ?
"""
ENTER_NOT_KEPT = """
    INSERT INTO ledger (remote_id, unique_id, collected_at, state, octets, header_digest, rule,
                        judged_by, header)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        state = excluded.state,
        octets = excluded.octets,
        header_digest = excluded.header_digest,
        rule = excluded.rule,
        judged_by = excluded.judged_by,
        header = excluded.header,
        message_id = NULL,
        removal = 'none',
        vanished_at = NULL
    WHERE state <> 'kept' OR removal = 'done'
"""
NOTE = "UPDATE ledger SET removal = ? WHERE remote_id = ? AND unique_id = ?"
DOUBT = """
    UPDATE ledger SET damaged_at = ?, verified_at = NULL
    WHERE remote_id = ? AND unique_id = ? AND state = 'kept'
"""
# What is under the new name by then is another message's: the plan has seen to that.
MOVE = """
    INSERT INTO ledger (remote_id, unique_id, state, message_id, collected_at, octets,
                        header_digest, verified_at, missing_octets, rule, judged_by, header)
    SELECT remote_id, ?, state, message_id, collected_at, ?, header_digest, verified_at,
           missing_octets, rule, judged_by, header
    FROM ledger WHERE remote_id = ? AND unique_id = ?
    ON CONFLICT DO UPDATE SET
        state = excluded.state,
        message_id = excluded.message_id,
        collected_at = excluded.collected_at,
        octets = excluded.octets,
        header_digest = excluded.header_digest,
        verified_at = excluded.verified_at,
        missing_octets = excluded.missing_octets,
        rule = excluded.rule,
        judged_by = excluded.judged_by,
        header = excluded.header,
        removal = 'none',
        vanished_at = NULL,
        damaged_at = NULL
"""

# Names with a space, which no server's unique-id holds (RFC 1939, section 7).
CONTENT = "sha256 "
FORMER = "was "  # of what was known when the remote was another; `accounts.remotes` gives it


class Removal(StrEnum):
    """Whether a message is still on the remote; a name in the database, never reused."""

    NONE = "none"
    PERHAPS = "perhaps"  # we asked, and do not know what came of it
    DONE = "done"  # the server said so


class State(StrEnum):
    """What we have of a message; a name in the database, never reused."""

    KEPT = "kept"  # all of it
    SEEN = "seen"  # nothing: another program fetched it before us
    HEADERS = "headers"  # its header
    SKIPPED = "skipped"  # nothing: a rule passes it over


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A message that is known; times in seconds since 1970.

    `octets` as the server listed it. `header_digest` is the SHA-256 of the header that RETR or TOP
    gave. `vanished_at` is when a listing first lacked it, `verified_at` when its octets were last
    read back and compared, `damaged_at` when they were others. `rule` names the rule whose doing
    the state is, `judged_by` the rules that were asked. `missing_octets` fewer came than were
    listed.
    """

    message: MessageId | None  # where it is kept
    collected_at: int
    removal: Removal = Removal.NONE
    state: State = State.KEPT
    octets: int | None = None
    header_digest: bytes | None = None
    vanished_at: int | None = None
    verified_at: int | None = None
    rule: str | None = None
    damaged_at: int | None = None
    missing_octets: int = 0
    judged_by: bytes | None = None


@dataclass(frozen=True, slots=True)
class NotKept:
    """What the ledger is to know of a message that is not kept; `header` where that is all."""

    unique_id: str
    state: State  # not KEPT
    octets: int
    rule: str | None = None
    header_digest: bytes | None = None
    header: bytes | None = None
    judged_by: bytes | None = None


class Known(Protocol):
    """What is known of the messages of one remote, by unique-id; a dict will do."""

    def get(self, unique_id: str, /) -> LedgerEntry | None:
        """Return what is known of one."""
        ...


class Ledger:
    """The rows of every remote; what is written is durable on return. Raises StoreFault."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.troubles = Troubles(database)

    def has(self, remote: RemoteId) -> bool:
        """Return whether there is such a remote still."""
        with self._database.reading() as rows:
            return rows.one("SELECT 1 FROM remotes WHERE id = ?", remote) is not None

    def entries(self, remote: RemoteId) -> dict[str, LedgerEntry]:
        """Return what is known, by unique-id: all of it in memory, so not for a session."""
        with self._database.reading() as rows:
            found = rows.all(ENTRIES, remote)
        return {unique_id: _entry(tuple(columns)) for unique_id, *columns in found}

    @contextmanager
    def reading(self, remote: RemoteId) -> Iterator[Known]:
        """Give what is known at one moment, row by row: whatever their number, in little memory."""
        with self._database.reading() as rows:
            yield _Snapshot(rows, remote)

    def unsure(self, remote: RemoteId) -> Iterator[str]:
        """Yield the messages of which we do not know whether they were removed."""
        for (unique_id,) in _pages(self._database, remote, UNSURE):
            yield unique_id

    def names_of(self, remote: RemoteId, message: MessageId) -> list[str]:
        """Return the unique-ids under which a message of the archive is known there."""
        with self._database.reading() as rows:
            found = rows.all(
                "SELECT unique_id FROM ledger WHERE message_id = ? AND remote_id = ? ORDER BY 1",
                message,
                remote,
            )
        return [unique_id for (unique_id,) in found]

    def newer(self, remote: RemoteId, than: LedgerEntry) -> int:
        """Return how many messages that came to be known later are still there, as far as known.

        Of those of one second, which one session brought, the archive's numbers have the order.
        """
        with self._database.reading() as rows:
            found = rows.one(
                "SELECT count(*) FROM ledger WHERE remote_id = ?"
                " AND (collected_at, coalesce(message_id, 0)) > (?, ?)"
                " AND removal = 'none' AND vanished_at IS NULL",
                remote,
                than.collected_at,
                than.message or 0,
            )
        return int(found[0]) if found else 0

    def absent_octets(self, remote: RemoteId, there: Container[str]) -> set[int]:
        """Return the listed octets of what a listing does not name, and was not removed by us."""
        known = candidates(self._database, remote)
        return {each.octets for each in known if each.unique_id not in there}

    def note_listing(
        self,
        remote: RemoteId,
        there: Container[str],
        now: float,
        doubtful: Container[str] = frozenset(),
    ) -> tuple[int, int]:
        """Record what a listing lacks, and what it has again; writes only what has changed.

        Of what is `doubtful` it is not said that it is there again: it may be another message.
        Return how many are gone now, and how many there were before.
        """
        gone = before = 0
        changes: list[tuple[object, ...]] = []
        for unique_id, was_there, removal, *_rest in _pages(self._database, remote):
            is_there = unique_id in there
            is_change = is_there is not bool(was_there) and not (is_there and unique_id in doubtful)
            if not _is_listed(unique_id, removal):
                continue
            before += bool(was_there)
            gone += bool(was_there) and not is_there
            if is_change:
                changes.append((None if is_there else int(now), remote, unique_id))
            if len(changes) == BATCH:
                self._note_vanished(changes)
                changes = []
        self._note_vanished(changes)
        return gone, before

    def _note_vanished(self, changes: list[tuple[object, ...]]) -> None:
        sql = "UPDATE ledger SET vanished_at = ? WHERE remote_id = ? AND unique_id = ?"
        if changes:
            self._database.write(lambda rows: rows.run_each(sql, changes))

    def enter(self, remote: RemoteId, entries: Iterable[NotKept], now: float) -> None:
        """Record messages that are not kept; what is kept stays so."""
        known = [(remote, each.unique_id, int(now), *_columns(each)) for each in entries]
        if known:
            self._database.write(lambda rows: rows.run_each(ENTER_NOT_KEPT, known))

    def move(self, remote: RemoteId, names: Iterable[tuple[str, str, int]]) -> None:
        """Know messages under other unique-ids too: the old one, the new one, its listed octets."""
        pairs = [(new, octets, remote, old) for old, new, octets in names]
        if pairs:
            self._database.write(lambda rows: rows.run_each(MOVE, pairs))

    def header(self, remote: RemoteId, unique_id: str) -> bytes | None:
        """Return the header of a message of which that is all we have; None of another."""
        with self._database.reading() as rows:
            found = rows.one(
                "SELECT header FROM ledger WHERE remote_id = ? AND unique_id = ?", remote, unique_id
            )
        return found[0] if found else None

    def want(self, remote: RemoteId, unique_ids: Collection[str]) -> int:
        """Ask for the rest of these, whose header is kept: the next session fetches it.

        Return how many there are.
        """
        return self._database.write(
            lambda rows: rows.run_each(
                "UPDATE ledger SET rule = NULL WHERE remote_id = ? AND unique_id = ?"
                " AND state = 'headers'",
                [(remote, unique_id) for unique_id in unique_ids],
            )
        )

    def note(self, remote: RemoteId, unique_ids: Iterable[str], removal: Removal) -> None:
        """Record what came of the removal of these."""
        self._run_each(NOTE, ((removal, remote, unique_id) for unique_id in unique_ids))

    def doubt(self, remote: RemoteId, unique_ids: Iterable[str], now: int) -> None:
        """Record that what is kept of these may be something else: it is fetched again."""
        self._run_each(DOUBT, ((now, remote, unique_id) for unique_id in unique_ids))

    def _run_each(self, sql: str, values: Iterator[Row]) -> None:
        while some := list(islice(values, NOTED_AT_ONCE)):
            self._database.write(partial(Rows.run_each, sql=sql, rows=some))


def _columns(entry: NotKept) -> Row:
    octets = entry.octets or None
    return (
        entry.state,
        octets,
        entry.header_digest,
        entry.rule,
        entry.judged_by,
        entry.header,
    )


class _Snapshot:
    def __init__(self, rows: Rows, remote: RemoteId) -> None:
        self._rows = rows
        self._remote = remote

    def get(self, unique_id: str, /) -> LedgerEntry | None:
        """Return what is known of one."""
        row = self._rows.one(ONE, self._remote, unique_id)
        return None if row is None else _entry(row)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What another unique-id may stand for; `message` None: it is not kept."""

    unique_id: str
    octets: int  # as it was listed
    message: MessageId | None


def candidates(database: Database, remote: RemoteId) -> Iterator[Candidate]:
    """Yield what has a size, was not removed by us, and is what came as far as is known."""
    for unique_id, _is_there, removal, octets, message, damaged_at in _pages(database, remote):
        if octets and removal != Removal.DONE and damaged_at is None:
            yield Candidate(unique_id, octets, message)


def _is_listed(unique_id: str, removal: str) -> bool:
    """Return whether a listing tells of it: neither removed by us nor under a name of ours."""
    return removal != Removal.DONE and is_of_server(unique_id)


def _pages(database: Database, remote: RemoteId, sql: str = PAGE) -> Iterator[Row]:
    """Yield rows in the order of the unique-ids, a page in memory at a time."""
    last = ""
    while True:
        with database.reading() as rows:
            page = rows.all(sql, remote, last, BATCH)
        yield from page
        if len(page) < BATCH:
            return
        last = page[-1][0]


def _entry(columns: Row) -> LedgerEntry:
    message, collected_at, removal, state, *rest = columns
    return LedgerEntry(message, collected_at, Removal(removal), State(state), *rest)


def content_id(digest: Digest) -> str:
    """Return what stands in for the unique-id where a server has none, or gives one twice."""
    return CONTENT + digest.hex()


def is_content_id(unique_id: str) -> bool:
    """Return whether content stands in for the unique-id."""
    return unique_id.startswith(CONTENT)


def is_of_server(unique_id: str) -> bool:
    """Return whether a listing may have the unique-id; those of our own making it never has."""
    return not unique_id.startswith((CONTENT, FORMER))
