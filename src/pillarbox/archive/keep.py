"""Keeping: the octets become durable, then one transaction says what they are and whence they came.

A message that is collected twice, from one remote or from two, is kept once.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pillarbox.archive.ledger import content_id
from pillarbox.base.clock import Clock
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.store.sqlite import add_blob
from pillarbox.store.store import Kept, MessageId, Store
from pillarbox.store.unique_id import new_unique_id

KNOWN = """
    SELECT id, state = 'removed', archived FROM messages
    WHERE digest = ? AND account_id = ?
    ORDER BY state = 'removed', id LIMIT 1
"""
ADD = """
    INSERT INTO messages (account_id, unique_id, digest, arrived_at, state, archived)
    VALUES (?, ?, ?, ?, 'archive', 1)
"""
# A second fetch does not make a message younger, unless it was gone from the remote in between.
ENTER = """
    INSERT INTO ledger (remote_id, unique_id, state, message_id, collected_at)
    VALUES (?, ?, 'kept', ?, ?)
    ON CONFLICT DO UPDATE SET
        state = 'kept',
        message_id = excluded.message_id,
        collected_at = iif(
            removal = 'done' OR state <> 'kept', excluded.collected_at, collected_at
        ),
        removal = 'none',
        vanished_at = NULL,
        verified_at = NULL,
        rule = NULL,
        header = NULL
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whence a message comes, and what becomes of it; without `unique_id` its content is its name.

    `account` is whose it is, which a rule may have chosen. `octets` is what the server lists. What
    is `set_aside`, for the reason that stands there, is in no maildrop.
    """

    remote: RemoteId
    account: AccountId
    unique_id: str | None
    octets: int | None = None
    into_maildrop: bool = False
    set_aside: str | None = None
    tags: tuple[str, ...] = ()
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A message that is durable, with its row in the archive and in the ledger.

    `unique_id` is its name in the ledger. `is_new` is False where the archive had it already.
    """

    message: MessageId
    unique_id: str
    octets: int
    is_new: bool


class Archive:
    """Takes messages from remotes; used by many threads at once."""

    def __init__(self, store: Store, database: Database, clock: Clock) -> None:
        self._store = store
        self._database = database
        self._clock = clock

    def keep(self, chunks: Iterable[bytes], origin: Origin) -> Filed:
        """Return once the message and its ledger row are durable; else nothing is recorded.

        Raises StoreFault, and whatever `chunks` raises.
        """
        with self._store.incoming() as incoming:
            for chunk in chunks:
                incoming.write(chunk)
            kept = incoming.keep()
        return self._database.write(lambda rows: self.file(rows, kept, origin))

    def file(self, rows: Rows, kept: Kept, origin: Origin) -> Filed:
        """Write all rows of a kept message; for use inside one transaction.

        Raises StoreFault where its octets were purged in between: nobody named them yet.
        """
        self._store.read(kept.digest).close()
        now = int(self._clock.now())
        unique_id = origin.unique_id or content_id(kept.digest)
        add_blob(rows, kept)
        message, is_new = self._archived(rows, kept, origin.account, now)
        rows.run(ENTER, origin.remote, unique_id, message, now)
        return Filed(message, unique_id, kept.octets, is_new)

    def _archived(
        self, rows: Rows, kept: Kept, account: AccountId, now: int
    ) -> tuple[MessageId, bool]:
        """Return the account's message with these octets, and whether the archive lacked it."""
        known = rows.one(KNOWN, kept.digest, account)
        if known is None:
            added = rows.insert(ADD, account, new_unique_id(), kept.digest, now)
            return MessageId(added), True
        message, is_removed, is_archived = known
        rows.run(
            "UPDATE messages SET archived = 1, state = iif(state = 'removed', 'archive', state)"
            " WHERE id = ?",
            message,
        )
        return MessageId(message), bool(is_removed or not is_archived)
