"""What is in the archive, newest first, and the octets of each message."""

from collections.abc import Iterator
from dataclasses import dataclass

from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Row
from pillarbox.message.headers import HEADER_OCTETS, Headers, read_headers
from pillarbox.store.blobs.port import Digest
from pillarbox.store.served import stored_chunks
from pillarbox.store.store import MessageId, Store

PAGE = 500  # rows in memory at a time; nothing is locked between two pages

# Ids grow with time, so the newest row has the largest.
ROWS = """
    SELECT messages.id, accounts.name, unique_id, digest, octets, arrived_at, messages.state
    FROM messages JOIN blobs USING (digest) JOIN accounts ON accounts.id = account_id
    WHERE messages.state <> 'removed' AND messages.id < ?1 AND account_id = ifnull(?2, account_id)
    ORDER BY messages.id DESC LIMIT ?3
"""
BEYOND = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Archived:
    """One message; `octets` as they are stored, `arrived_at` in seconds since 1970.

    `state` is 'maildrop' while it is served over POP3 too, else 'archive'.
    """

    id: MessageId
    account: str
    unique_id: str
    digest: Digest
    octets: int
    arrived_at: int
    state: str


class Listing:
    """Reads the archive. Every call raises StoreFault where it cannot be read."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store

    def messages(self, account: AccountId | None = None) -> Iterator[Archived]:
        """Yield what was collected and delivered and not removed, of one account or of all."""
        before = BEYOND
        while page := self._page(before, account):
            yield from page
            before = page[-1].id

    def headers(self, message: Archived) -> Headers:
        """Return the fields of a message's header that people read."""
        reader = self._store.read(message.digest)
        try:
            return read_headers(reader.read(HEADER_OCTETS))
        finally:
            reader.close()

    def chunks(self, message: Archived) -> Iterator[bytes]:
        """Yield a message's octets as they are stored."""
        reader = self._store.read(message.digest)
        try:
            yield from stored_chunks(reader, message.octets)
        finally:
            reader.close()

    def _page(self, before: int, account: AccountId | None) -> list[Archived]:
        with self._database.reading() as rows:
            return [_archived(row) for row in rows.all(ROWS, before, account, PAGE)]


def _archived(row: Row) -> Archived:
    message, account, unique_id, digest, octets, arrived_at, state = row
    return Archived(
        MessageId(message), account, unique_id, Digest(digest), octets, arrived_at, state
    )
