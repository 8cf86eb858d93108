"""What did not end well at a remote: messages that broke a session, and a session that was killed.

Replies belong to commands by their order alone. Whoever is killed while messages come in has not
seen yet that a reply was left out; so a mark stands for as long as they come in.
"""

from collections.abc import Collection, Iterable
from dataclasses import astuple, dataclass
from enum import StrEnum

from pillarbox.base.names import RemoteId
from pillarbox.db.sqlite import Database, Rows


class Why(StrEnum):
    """How a session broke at a message; a name in the database, never reused."""

    CUT = "cut"  # the connection ended
    TOO_SLOW = "too slow"  # it did not come in time
    TOO_LARGE = "too large"  # it had no end
    GARBLED = "garbled"  # what came was no reply


@dataclass(frozen=True, slots=True)
class Stuck:
    """A message that broke a session so many `times`; times in seconds since 1970.

    `name` is its unique-id, or what stands in for it; `octets` as the server lists it. What
    `is_header` broke one when its header was asked for, by TOP.
    """

    name: str
    octets: int
    why: Why
    times: int
    since: int
    tried_at: int
    is_header: bool = False


# In the order of Stuck.
SELECT = """
    SELECT name, octets, why, times, since, tried_at, is_header FROM stuck WHERE remote_id = ?
"""
ENTER = """
    INSERT INTO stuck (remote_id, name, octets, why, times, since, tried_at, is_header)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT DO UPDATE SET
        octets = excluded.octets,
        why = excluded.why,
        times = times + 1,
        tried_at = excluded.tried_at,
        is_header = is_header OR excluded.is_header
"""
# A message under the name of another has other octets than were listed of that.
DOUBT = """
    UPDATE ledger SET damaged_at = ?1, verified_at = NULL
    WHERE remote_id = ?2 AND state = 'kept'
        AND collected_at >= (SELECT since FROM unended WHERE remote_id = ?2)
        AND octets <> (
            SELECT blobs.octets FROM messages JOIN blobs USING (digest)
            WHERE messages.id = message_id
        )
"""


class Troubles:
    """The troubles with all remotes; what is written is durable on return. Raises StoreFault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stuck(self, remote: RemoteId) -> dict[str, Stuck]:
        """Return the messages that broke a session and have not come since, by name."""
        with self._database.reading() as rows:
            found = rows.all(SELECT, remote)
        return {
            name: Stuck(name, octets, Why(why), times, since, tried_at, bool(is_header))
            for name, octets, why, times, since, tried_at, is_header in found
        }

    def broke(self, remote: RemoteId, stuck: Stuck) -> None:
        """Record that a session broke at a message; how often and since when is known here."""
        self._database.write(lambda rows: rows.run(ENTER, remote, *astuple(stuck)))

    def came(self, remote: RemoteId, names: Collection[str]) -> None:
        """Forget these: they are kept now, or are there no more."""
        if names:
            self._database.write(lambda rows: _forget(rows, remote, names))

    def begin(self, remote: RemoteId, now: int) -> None:
        """Mark that messages come in from now on."""
        sql = "INSERT INTO unended (remote_id, since) VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._database.write(lambda rows: rows.run(sql, remote, now))

    def end(self, remote: RemoteId) -> None:
        """Take the mark away: what is in doubt is recorded."""
        self._database.write(lambda rows: _end(rows, remote))

    def doubt_unended(self, remote: RemoteId, now: int) -> None:
        """Doubt what came in a session that was killed, where it may be another message."""
        with self._database.reading() as rows:
            if rows.one("SELECT 1 FROM unended WHERE remote_id = ?", remote) is None:
                return

        def work(rows: Rows) -> None:
            rows.run(DOUBT, now, remote)
            _end(rows, remote)

        self._database.write(work)


def _end(rows: Rows, remote: RemoteId) -> None:
    rows.run("DELETE FROM unended WHERE remote_id = ?", remote)


def _forget(rows: Rows, remote: RemoteId, names: Iterable[str]) -> None:
    sql = "DELETE FROM stuck WHERE remote_id = ? AND name = ?"
    rows.run_each(sql, [(remote, name) for name in names])
