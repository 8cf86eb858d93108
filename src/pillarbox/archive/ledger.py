"""What we know of each message on a remote. Rows are never dropped because a listing lacks them."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from pillarbox.base.names import RemoteId
from pillarbox.db.sqlite import Database, Row
from pillarbox.store.blobs.port import Digest
from pillarbox.store.store import MessageId

CONTENT = "sha256 "  # with a space, which no server's unique-id holds (RFC 1939, section 7)


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
    read back and compared. `rule` names the rule whose doing the state is.
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


class Ledger:
    """The rows of every remote; what is written is durable on return. Raises StoreFault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def has(self, remote: RemoteId) -> bool:
        """Return whether there is such a remote still."""
        with self._database.reading() as rows:
            return rows.one("SELECT 1 FROM remotes WHERE id = ?", remote) is not None

    def entries(self, remote: RemoteId) -> dict[str, LedgerEntry]:
        """Return what is known, by unique-id."""
        with self._database.reading() as rows:
            found = rows.all(
                "SELECT unique_id, message_id, collected_at, removal, state, octets, header_digest,"
                " vanished_at, verified_at, rule FROM ledger WHERE remote_id = ?",
                remote,
            )
        return {unique_id: _entry(tuple(columns)) for unique_id, *columns in found}

    def note(self, remote: RemoteId, unique_ids: Collection[str], removal: Removal) -> None:
        """Record what came of the removal of these, in one transaction."""
        if not unique_ids:
            return
        self._database.write(
            lambda rows: rows.run_each(
                "UPDATE ledger SET removal = ? WHERE remote_id = ? AND unique_id = ?",
                [(removal, remote, unique_id) for unique_id in unique_ids],
            )
        )


def _entry(columns: Row) -> LedgerEntry:
    message, collected_at, removal, state, *rest = columns
    return LedgerEntry(message, collected_at, Removal(removal), State(state), *rest)


def content_id(digest: Digest) -> str:
    """Return what stands in for the unique-id where a server has none, or gives one twice."""
    return CONTENT + digest.hex()


def is_content_id(unique_id: str) -> bool:
    """Return whether content stands in for the unique-id."""
    return unique_id.startswith(CONTENT)
