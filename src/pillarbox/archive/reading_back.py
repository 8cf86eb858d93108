"""Reading back what was kept: whether its octets are what came, and what its header is known by."""

from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256

from pillarbox.archive.ledger import BATCH, candidates
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import RemoteId
from pillarbox.db.sqlite import Database
from pillarbox.message.header_digest import HEADER_OCTETS, header_digest
from pillarbox.store.blobs.port import CHUNK_OCTETS, Digest
from pillarbox.store.store import MessageId, Store

# What somebody removed here is in the archive no more: nothing of it is confirmed.
DIGEST = """
    SELECT digest FROM ledger JOIN messages ON messages.id = message_id
    WHERE remote_id = ? AND ledger.unique_id = ? AND messages.state <> 'removed'
"""
HEADER = """
    SELECT header_digest, digest
    FROM ledger LEFT JOIN messages ON messages.id = message_id
    WHERE remote_id = ? AND ledger.unique_id = ?
"""
NOTE = """
    UPDATE ledger SET verified_at = ?, damaged_at = ? WHERE remote_id = ? AND unique_id = ?
"""


# As whatever size it may be listed, and still be what is kept.
SAME = """
    SELECT header_digest, ledger.octets, blobs.octets
    FROM ledger JOIN messages ON messages.id = message_id JOIN blobs USING (digest)
    WHERE remote_id = ? AND ledger.unique_id = ?
        AND damaged_at IS NULL AND messages.state <> 'removed'
"""


@dataclass(frozen=True, slots=True)
class Lost:
    """A message that is known; `header_digest` None: known by nothing.

    `message` is where it is kept, None where it is not. What `is_there` is listed under its name.
    """

    unique_id: str
    octets: int
    header_digest: bytes | None
    message: MessageId | None = None
    is_there: bool = False


def verify(
    database: Database, store: Store, remote: RemoteId, unique_ids: Iterable[str], now: int
) -> Collection[str]:
    """Read back, hash and record; return what is damaged or missing. Raises StoreFault."""
    damaged: list[str] = []
    notes: list[tuple[object, ...]] = []
    for unique_id, digest in _digests(database, remote, unique_ids):
        is_whole = _is_whole(store, digest)
        notes.append((now, None, remote, unique_id) if is_whole else (None, now, remote, unique_id))
        if not is_whole:
            damaged.append(unique_id)
    for start in range(0, len(notes), BATCH):
        _note(database, notes[start : start + BATCH])
    return damaged


def lost(
    database: Database,
    store: Store,
    remote: RemoteId,
    there: Container[str],
    octets: Container[int],
) -> Sequence[Lost]:
    """Return what is known of these sizes, listed or not; raises StoreFault."""
    return [
        Lost(
            known.unique_id,
            known.octets,
            _header_digest(database, store, remote, known.unique_id),
            known.message,
            known.unique_id in there,
        )
        for known in candidates(database, remote)
        if known.octets in octets
    ]


def is_same(
    database: Database, remote: RemoteId, unique_id: str, octets: int, digest: bytes
) -> bool:
    """Return whether what is kept under a name has this header, and may be listed so large."""
    with database.reading() as rows:
        known, *sizes = rows.one(SAME, remote, unique_id) or (None, None)
    return known == digest and octets in sizes


def _note(database: Database, notes: list[tuple[object, ...]]) -> None:
    database.write(lambda rows: rows.run_each(NOTE, notes))


def _digests(
    database: Database, remote: RemoteId, unique_ids: Iterable[str]
) -> Iterator[tuple[str, Digest]]:
    for unique_id in unique_ids:
        with database.reading() as rows:
            row = rows.one(DIGEST, remote, unique_id)
        if row is not None:
            yield unique_id, Digest(row[0])


def _is_whole(store: Store, digest: Digest) -> bool:
    found = sha256()
    try:
        with closing(store.read(digest)) as reader:
            while chunk := reader.read(CHUNK_OCTETS):
                found.update(chunk)
    except StoreFault:
        return False
    return found.digest() == digest


def _header_digest(
    database: Database, store: Store, remote: RemoteId, unique_id: str
) -> bytes | None:
    """Return what the ledger has, else what the blob says: older rows have none."""
    with database.reading() as rows:
        known, digest = rows.one(HEADER, remote, unique_id) or (None, None)
    if known is not None:
        return bytes(known)
    if digest is None:
        return None
    try:
        with closing(store.read(Digest(digest))) as reader:
            found = header_digest(reader.read(HEADER_OCTETS))
    except StoreFault:
        return None
    return found.digest if found else None
