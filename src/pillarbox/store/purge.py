"""What was removed goes for good when its grace time is over, and then the octets nobody names.

Two steps, in this order. The rows go in a transaction that is durable before any file is touched.
Then a file goes inside a write transaction in which no row names its octets. A delivery looks for
its file inside the transaction that names it: whichever of the two comes first, the other sees it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from pillarbox.base.clock import DAY_SECONDS, Clock
from pillarbox.db.sqlite import Database, Rows
from pillarbox.store.blobs.port import Blobs, Digest

# A delivery under way may be about to name what was written so lately; no delivery takes a day. It
# would be refused for now and not be lost: this spares its sender the second attempt.
FRESH_SECONDS = 86_400.0
SNAPSHOT = 1000  # blobs that are looked up in one snapshot
BATCH = 100  # rows or files in one transaction: deliveries wait for its end

# What is archived is the archive's, and what a ledger names was collected into it.
PURGE = """
    DELETE FROM messages WHERE id IN (
        SELECT id FROM messages
        WHERE state = 'removed' AND left_at <= ?1 AND coalesce(keep_until, 0) <= ?2
            AND archived = 0
            AND NOT EXISTS (SELECT 1 FROM ledger WHERE message_id = messages.id)
        LIMIT ?3
    )
"""
IS_NAMED = "SELECT 1 FROM messages WHERE digest = ?"


@dataclass(frozen=True, slots=True)
class Purged:
    """How many messages and blobs went for good."""

    messages: int
    blobs: int


class Purge:
    """The messages of one database and the blobs below them."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        grace_days: int,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._grace_days = grace_days
        self._fresh_seconds = fresh_seconds

    def run(self) -> Purged:
        """Let everything go whose time is over; raises StoreFault, and the rest goes next time."""
        return Purged(self._purge_messages(), self._purge_blobs())

    def _purge_messages(self) -> int:
        now = int(self._clock.now())
        latest = now - self._grace_days * DAY_SECONDS
        purged = 0
        while count := self._database.write(lambda rows: rows.run(PURGE, latest, now, BATCH)):
            purged += count
        return purged

    def _purge_blobs(self) -> int:
        unnamed = self._unnamed()
        purged = 0
        while batch := list(islice(unnamed, BATCH)):
            purged += self._database.write(partial(self._remove, batch))
        return purged

    def _unnamed(self) -> Iterator[Digest]:
        """Yield what no row named at some time after its octets were kept."""
        found = self._blobs.names(self._fresh_seconds)
        while batch := list(islice(found, SNAPSHOT)):
            with self._database.reading() as rows:
                named = [rows.one(IS_NAMED, digest) is not None for digest in batch]
            yield from (
                digest for digest, is_named in zip(batch, named, strict=True) if not is_named
            )

    def _remove(self, batch: list[Digest], rows: Rows) -> int:
        unnamed = [digest for digest in batch if rows.one(IS_NAMED, digest) is None]
        for digest in unnamed:
            rows.run("DELETE FROM blobs WHERE digest = ?", digest)
            self._blobs.remove(digest)
        return len(unnamed)
