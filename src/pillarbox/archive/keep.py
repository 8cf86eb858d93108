"""Keeping: the octets become durable, then one transaction says what they are and whence they came.

A message that is collected twice, from one remote or from two, is kept once.
"""

from collections.abc import Collection, Container, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from pillarbox.archive.ledger import content_id
from pillarbox.archive.reading_back import Lost, is_same, lost, verify
from pillarbox.base.clock import Clock
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.message.header_digest import HEADER_OCTETS, HeaderDigest, header_digest
from pillarbox.store.blobs.port import CHUNK_OCTETS, Digest
from pillarbox.store.quota import MaildropFullError, NeverFitsError, Quotas
from pillarbox.store.sqlite import add_blob
from pillarbox.store.store import Kept, MessageId, Store
from pillarbox.store.unique_id import new_unique_id

LINE_END_OCTETS = 2  # some count the end of a last line that has none

# The last says whether it may enter the maildrop: it was in none before, and is not set aside.
KNOWN = """
    SELECT id, state = 'removed', archived, set_aside IS NULL AND NOT EXISTS (
        SELECT 1 FROM messages WHERE digest = ?1 AND account_id = ?2
            AND (state = 'maildrop' OR left_at IS NOT NULL))
    FROM messages WHERE digest = ?1 AND account_id = ?2
    ORDER BY state = 'removed', id LIMIT 1
"""
# What enters the maildrop arrives there now, or it could be too old for it at once.
AGAIN = """
    UPDATE messages SET archived = 1, arrived_at = iif(?2, ?3, arrived_at),
        state = CASE WHEN ?2 THEN 'maildrop' WHEN state = 'removed' THEN 'archive' ELSE state END
    WHERE id = ?1
"""
ADD = """
    INSERT INTO messages (account_id, unique_id, digest, arrived_at, state, archived, set_aside)
    VALUES (?, ?, ?, ?, ?, 1, ?)
"""
TAG = "INSERT INTO message_tags (message_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING"
ELSEWHERE = """
    SELECT name FROM ledger JOIN remotes ON remotes.id = remote_id
    WHERE message_id = ? AND remote_id <> ? ORDER BY name LIMIT 1
"""
# A second fetch does not make a message younger, unless it was gone from the remote in between, or
# is another one now.
ENTER = """
    INSERT INTO ledger (remote_id, unique_id, state, message_id, collected_at, octets,
                        header_digest, missing_octets, rule)
    VALUES (?, ?, 'kept', ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        state = 'kept',
        message_id = excluded.message_id,
        collected_at = iif(
            removal = 'done' OR message_id IS NOT excluded.message_id,
            excluded.collected_at,
            collected_at
        ),
        removal = 'none',
        vanished_at = NULL,
        octets = excluded.octets,
        header_digest = excluded.header_digest,
        missing_octets = excluded.missing_octets,
        verified_at = NULL,
        damaged_at = NULL,
        rule = excluded.rule,
        judged_by = NULL,
        header = NULL
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whence a message comes, and what becomes of it; without `unique_id` its content is its name.

    `account` is whose it is, which a rule may have chosen. `octets` is what the server lists. What
    is `set_aside`, for the reason that stands there, is in no maildrop. `rule` is whose doing
    that is.
    """

    remote: RemoteId
    account: AccountId
    unique_id: str | None
    octets: int | None = None
    into_maildrop: bool = False
    set_aside: str | None = None
    tags: tuple[str, ...] = ()
    rule: str | None = None

    @property
    def is_for_maildrop(self) -> bool:
        """Whether it is to be served, too."""
        return self.into_maildrop and self.set_aside is None


@dataclass(frozen=True, slots=True)
class Filed:
    """A message that is durable, with its row in the archive and in the ledger.

    `unique_id` is its name in the ledger. `is_new` is False where the archive had it already;
    `elsewhere` names another remote through which it is known. `is_over_quota` says that it was
    for a maildrop in which there was no room. `missing_octets` fewer came than the server lists.
    """

    message: MessageId
    unique_id: str
    octets: int
    is_new: bool
    elsewhere: str | None = None
    is_over_quota: bool = False
    missing_octets: int = 0


class Survey:
    """What the ledger is to know of a message, learnt while it passes."""

    def __init__(self) -> None:
        self._beginning = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take the next octets."""
        self._beginning += chunk[: HEADER_OCTETS - len(self._beginning)]

    def header_digest(self) -> HeaderDigest | None:
        """Return what its header is known by; None where it is too long."""
        return header_digest(bytes(self._beginning))


class Archive:
    """Takes messages from remotes; used by many threads at once."""

    def __init__(
        self, store: Store, database: Database, clock: Clock, quotas: Quotas | None = None
    ) -> None:
        self._store = store
        self._database = database
        self._clock = clock
        self._quotas = quotas or Quotas(database)

    def keep(self, chunks: Iterable[bytes], origin: Origin) -> Filed:
        """Return once the message and its ledger row are durable; else nothing is recorded.

        Raises StoreFault, and whatever `chunks` raises.
        """
        survey = Survey()
        with self._store.incoming() as incoming:
            for chunk in chunks:
                incoming.write(chunk)
                survey.feed(chunk)
            kept = incoming.keep()
        coming = self._coming(kept, origin, survey.header_digest())
        return self._database.write(lambda rows: self.file(rows, coming))

    def keep_all(self, messages: Sequence[tuple[bytes, Origin]]) -> list[Filed]:
        """Keep several whole messages, SHARED_BLOBS at most: all of them, or none is recorded.

        They share their waits for the disk and one transaction. Raises StoreFault.
        """
        kept = self._store.keep_all([octets for octets, _ in messages])
        coming = [
            self._coming(each, origin, header_digest(octets))
            for each, (octets, origin) in zip(kept, messages, strict=True)
        ]
        return self._database.write(lambda rows: [self.file(rows, each) for each in coming])

    def file(self, rows: Rows, coming: "Coming") -> Filed:
        """Write all rows of a kept message; for use inside one transaction.

        Raises StoreFault where its octets were purged in between: nobody named them yet.
        """
        kept, origin = coming.kept, coming.origin
        self._store.read(kept.digest).close()
        now = int(self._clock.now())
        unique_id = origin.unique_id or content_id(kept.digest)
        add_blob(rows, kept)
        entered = self._archived(rows, kept, origin, now)
        for tag in origin.tags:
            rows.run(TAG, entered.message, tag)
        elsewhere = entered.was_known and rows.one(ELSEWHERE, entered.message, origin.remote)
        rows.run(
            ENTER,
            origin.remote,
            unique_id,
            entered.message,
            now,
            origin.octets or None,
            coming.header_digest,
            coming.missing_octets,
            origin.rule,
        )
        return Filed(
            entered.message,
            unique_id,
            kept.octets,
            entered.is_new,
            elsewhere[0] if elsewhere else None,
            entered.is_over_quota,
            coming.missing_octets,
        )

    def verify(self, remote: RemoteId, unique_ids: Collection[str]) -> Collection[str]:
        """Read back what is kept of these, and record what came of it; raises StoreFault.

        Returns those whose octets are not what came: they are to be fetched again.
        """
        return verify(self._database, self._store, remote, unique_ids, int(self._clock.now()))

    def lost(
        self, remote: RemoteId, there: Container[str], octets: Container[int]
    ) -> Sequence[Lost]:
        """Return what is known of these sizes, listed or not; raises StoreFault."""
        return lost(self._database, self._store, remote, there, octets)

    def is_same(self, remote: RemoteId, unique_id: str, octets: int, digest: bytes) -> bool:
        """Return whether what is kept under a name has this header, and may be listed so large."""
        return is_same(self._database, remote, unique_id, octets, digest)

    def _coming(self, kept: Kept, origin: Origin, header: HeaderDigest | None) -> "Coming":
        missing = self._missing(kept, origin.octets or 0)
        return Coming(kept, origin, header.digest if header else None, missing)

    def _missing(self, kept: Kept, listed: int) -> int:
        """Return how many fewer came than were listed; 0 where line ends may be why.

        Servers count a line's end as up to three octets, and some the dots that they stuff.
        """
        fewer = listed - kept.octets - LINE_END_OCTETS
        # Lines are counted only where it matters: that takes longer than hashing.
        return listed - kept.octets if fewer > 0 and fewer > self._lines(kept.digest) else 0

    def _lines(self, digest: Digest) -> int:
        with closing(self._store.read(digest)) as reader:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: reader.read(CHUNK_OCTETS), b""))

    def _archived(self, rows: Rows, kept: Kept, origin: Origin, now: int) -> "_Entered":
        known = rows.one(KNOWN, kept.digest, origin.account)
        if known is None:
            return self._add(rows, kept, origin, now)
        message, is_removed, is_archived, may_enter = known
        # What was in the maildrop, and is not any more, does not come back into it.
        is_wanted = bool(may_enter) and origin.is_for_maildrop
        has_room = is_wanted and self._has_room(rows, kept, origin.account, now)
        rows.run(AGAIN, message, has_room, now)
        is_new = bool(is_removed or not is_archived)
        is_over_quota = is_wanted and not has_room
        return _Entered(MessageId(message), is_new, is_over_quota, was_known=True)

    def _add(self, rows: Rows, kept: Kept, origin: Origin, now: int) -> "_Entered":
        is_wanted = origin.is_for_maildrop
        has_room = is_wanted and self._has_room(rows, kept, origin.account, now)
        added = rows.insert(
            ADD,
            origin.account,
            new_unique_id(),
            kept.digest,
            now,
            "maildrop" if has_room else "archive",
            origin.set_aside,
        )
        return _Entered(MessageId(added), is_new=True, is_over_quota=is_wanted and not has_room)

    def _has_room(self, rows: Rows, kept: Kept, account: AccountId, now: int) -> bool:
        try:
            self._quotas.take(rows, account, kept.octets, now)
        except (MaildropFullError, NeverFitsError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Coming:
    """A message whose octets are durable, and that has no rows yet."""

    kept: Kept
    origin: Origin
    header_digest: bytes | None
    missing_octets: int


@dataclass(frozen=True, slots=True)
class _Entered:
    """The account's message, which it `was_known` to have, though the archive may lack it."""

    message: MessageId
    is_new: bool
    is_over_quota: bool = False
    was_known: bool = False
