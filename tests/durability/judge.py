"""Look at a home after its program was ended, and say what is wrong with it."""

import hashlib
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pillarbox.accounts.accounts import Accounts
from pillarbox.app.clock import SystemClock
from pillarbox.app.home import Home
from pillarbox.base.names import Identity, SessionId
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.blobs.port import CHUNK_OCTETS, Digest
from pillarbox.store.disk import Disk
from pillarbox.store.sqlite import SqliteStore

MROSE, OTHER = "mrose", "other"
SESSION = SessionId("a" * 16)
MESSAGES = [
    b"Subject: one\r\n\r\n.\r\n..dots\r\n",
    b"Subject: big\r\n\r\n" + b"x" * 70_000 + b"\r\n" + b".y" * 70_000 + b"\r\n",
    "Subject: three\r\n\r\n山\r\n".encode(),
    b"Subject: no body\r\n",
    b"Subject: five\r\n\r\nLast line.\r\n",
]


@dataclass(frozen=True, slots=True)
class Held:
    """A message of a maildrop."""

    unique_id: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A message for one account; the tests send no message twice to the same one."""

    account: str
    octets: bytes


def copy_home(home: Path, folder: Path) -> Path:
    """Copy a home without the empty ones of its 256 folders of blobs: each start makes them."""

    def is_left_out(parent: str, names: list[str]) -> list[str]:
        places = [Path(parent, name) for name in names if parent == str(Home(home).blobs)]
        return [each.name for each in places if len(each.name) == 2 and not any(each.iterdir())]

    return shutil.copytree(home, folder, ignore=is_left_out)


@contextmanager
def store_of(
    folder: Path, disk: Disk | None = None, kind: type[Database] = Database
) -> Iterator[tuple[SqliteStore, Accounts]]:
    """Open a home as the next start of the program does; raises StoreFault where it cannot."""
    home, clock = Home(folder), SystemClock()
    with closing(kind(home.database)) as database:
        database.check()
        blobs = FileBlobs(home.blobs, disk or Disk())
        store = SqliteStore(database, blobs, home.run / "maildrops", clock)
        yield store, Accounts(database, clock)


def look(folder: Path) -> dict[str, list[Held]]:
    """Give every maildrop; raises StoreFault, and MaildropInUseError where a lease is left."""
    with store_of(folder) as (store, accounts):
        found = {}
        for account in accounts.list():
            maildrop = store.open_maildrop(Identity(account.id))
            found[account.name] = [
                Held(each.unique_id, _read(store, each.digest)) for each in maildrop.messages
            ]
            maildrop.release()
        return found


def _read(store: SqliteStore, digest: Digest) -> bytes:
    with closing(store.read(digest)) as reader:
        return b"".join(iter(lambda: reader.read(CHUNK_OCTETS), b""))


def torn_blobs(folder: Path) -> list[str]:
    """Say which blobs are not what their names say."""
    return [
        f"{path} is torn"
        for path in Home(folder).blobs.glob("??/*")
        if path.parent.name + path.name != hashlib.sha256(path.read_bytes()).hexdigest()
    ]


def remove(folder: Path, unique_ids: Collection[str]) -> None:
    """Remove messages as a session does that nobody else's device waits for."""
    with closing(Database(Home(folder).database)) as database:
        database.write(partial(_remove, unique_ids, int(SystemClock().now())))


def _remove(unique_ids: Collection[str], now: int, rows: Rows) -> None:
    for unique_id in unique_ids:
        rows.run(
            "INSERT INTO removals (message_id, session, why, removed_at)"
            " SELECT id, ?, 'dele', ? FROM messages WHERE unique_id = ?",
            *(SESSION, now, unique_id),
        )
        rows.run(
            "UPDATE messages SET state = 'removed', left_at = ? WHERE unique_id = ?", now, unique_id
        )


def asked(folder: Path, sql: str) -> list[Row]:
    """Ask a home's database."""
    with closing(Database(Home(folder).database)) as database, database.reading() as rows:
        return rows.all(sql)


def missing_blobs(folder: Path) -> list[str]:
    """Say which messages, removed ones too, have no octets any more."""
    blobs = FileBlobs(Home(folder).blobs, Disk())
    found = asked(folder, "SELECT unique_id, digest FROM messages")
    return [
        f"the octets of {unique_id} are missing"
        for unique_id, digest in found
        if not blobs.path(Digest(digest)).exists()
    ]


def delivery_faults(
    found: Mapping[str, Sequence[Held]],
    sent: Collection[Letter],
    acknowledged: Collection[Letter],
) -> list[str]:
    """Say what is wrong: acknowledged and not there once, or there and not as it was sent."""
    there = [Letter(account, held.octets) for account in found for held in found[account]]
    unique_ids = [held.unique_id for each in found.values() for held in each]
    return [
        *(f"{_name(each)} is lost" for each in acknowledged if each not in there),
        *(f"{_name(each)} is there twice" for each in sent if there.count(each) > 1),
        *(f"{_name(each)} is not what was sent" for each in there if each not in sent),
        *(["a unique-id is there twice"] if len(set(unique_ids)) < len(unique_ids) else []),
    ]


def removal_faults(
    before: Sequence[Held], after: Sequence[Held], marked: Collection[str], *, is_promised: bool
) -> list[str]:
    """Say what is wrong: some but not all gone, one unmarked gone, or a survivor changed."""
    names = {held.unique_id for held in after}
    gone = {held.unique_id for held in before} - names
    faults = []
    if gone - set(marked):
        faults.append("an unmarked message is gone")
    if gone & set(marked) not in (set(), set(marked)):
        faults.append(f"{len(gone)} of {len(marked)} marked messages are gone")
    if is_promised and not set(marked) <= gone:
        faults.append("a removal was promised and is undone")
    if [held for held in before if held.unique_id in names] != list(after):
        faults.append("a survivor changed")
    return faults


def _name(letter: Letter) -> str:
    return f"{letter.octets[:20]!r} to {letter.account}"
