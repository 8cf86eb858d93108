"""What is in the archive, newest first, and the octets of each message."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.db.sqlite import Database, Row
from pillarbox.message.headers import HEADER_OCTETS, Headers, read_headers
from pillarbox.store.blobs.port import Digest
from pillarbox.store.served import stored_chunks
from pillarbox.store.store import MessageId, Store

PAGE = 500  # rows in memory at a time; nothing is locked between two pages

# A message has one row, with what is known of it elsewhere as JSON.
ROWS = """
    SELECT messages.id, accounts.name, messages.unique_id, digest, octets, arrived_at,
           messages.state, set_aside,
           (SELECT json_group_array(tag) FROM message_tags WHERE message_id = messages.id),
           (SELECT json_group_array(json_array(remotes.name, ledger.unique_id, collected_at))
            FROM ledger JOIN remotes ON remotes.id = remote_id WHERE message_id = messages.id)
    FROM messages JOIN blobs USING (digest) JOIN accounts ON accounts.id = account_id
    WHERE messages.state <> 'removed'
"""
ONE = ROWS + "AND messages.id = ?"
WANTED = """
    AND account_id = ifnull(?2, account_id) AND arrived_at >= ?3
    AND (?4 IS NULL OR EXISTS (
        SELECT 1 FROM ledger WHERE message_id = messages.id AND remote_id = ?4))
    AND (NOT ?5 OR set_aside IS NOT NULL)
"""
# Ids grow with time, so the newest row has the largest.
NEWEST_FIRST = ROWS + "AND messages.id < ?1" + WANTED + "ORDER BY messages.id DESC LIMIT ?6"
OLDEST_FIRST = ROWS + "AND messages.id > ?1" + WANTED + "ORDER BY messages.id LIMIT ?6"
BEYOND = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Source:
    """A remote that a message came through, under which unique-id, since when."""

    remote: str
    unique_id: str
    collected_at: int


@dataclass(frozen=True, slots=True)
class Archived:
    """One message; `octets` as they are stored, times in seconds since 1970.

    `state` is 'maildrop' while it is served over POP3 too, else 'archive'. `set_aside` says why a
    rule keeps it out of the maildrop. Where it was delivered, `sources` is empty.
    """

    id: MessageId
    account: str
    unique_id: str
    digest: Digest
    octets: int
    arrived_at: int
    state: str
    set_aside: str | None = None
    tags: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def remotes(self) -> tuple[str, ...]:
        """The names of the remotes that it came through, each once."""
        return tuple(dict.fromkeys(source.remote for source in self.sources))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages: all of these hold; `since` in seconds since 1970."""

    remote: RemoteId | None = None
    since: int = 0
    set_aside: bool = False  # those alone
    oldest_first: bool = False


ALL = Wanted()


class Listing:
    """Reads the archive. Every call raises StoreFault where it cannot be read."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store

    def messages(
        self, account: AccountId | None = None, wanted: Wanted = ALL
    ) -> Iterator[Archived]:
        """Yield what was collected and delivered and not removed, of one account or of all."""
        last = 0 if wanted.oldest_first else BEYOND
        while page := self._page(last, account, wanted):
            yield from page
            last = page[-1].id

    def message(self, message: int) -> Archived:
        """Return one message; raises OperatorFault where there is none of that id."""
        with self._database.reading() as rows:
            row = rows.one(ONE, message) if 0 < message <= BEYOND else None
        if row is None:
            raise OperatorFault(
                'There is no message {id} in the archive. "pillarbox archive list" numbers them.',
                id=message,
            )
        return _archived(row)

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

    def _page(self, last: int, account: AccountId | None, wanted: Wanted) -> list[Archived]:
        sql = OLDEST_FIRST if wanted.oldest_first else NEWEST_FIRST
        with self._database.reading() as rows:
            found = rows.all(
                sql, last, account, wanted.since, wanted.remote, wanted.set_aside, PAGE
            )
        return [_archived(row) for row in found]


def _archived(row: Row) -> Archived:
    message, account, unique_id, digest, octets, arrived_at, state, set_aside, tags, sources = row
    return Archived(
        MessageId(message),
        account,
        unique_id,
        Digest(digest),
        octets,
        arrived_at,
        state,
        set_aside,
        tuple(sorted(json.loads(tags))),
        tuple(Source(*source) for source in sorted(json.loads(sources))),
    )
