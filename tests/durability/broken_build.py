"""Pillarbox with a part taken out, so that a test can show that it would notice.

    python -m tests.durability.broken_build no-fsync --home H serve

Names joined by + are all taken. `one-disk-thread` breaks nothing: strace counts the calls of each
thread apart, so where one thread makes them all, every one of them can be told by its number.
"""

import sqlite3
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from unittest.mock import patch

from pillarbox.app import service
from pillarbox.cli.main import main
from pillarbox.db.sqlite import Database
from pillarbox.store.disk import Disk
from pillarbox.store.sqlite import SqliteMaildrop
from pillarbox.store.store import Message

commit_together = SqliteMaildrop.commit
connect = Database._connect


def commit_apart(
    self: SqliteMaildrop,
    marked: Collection[Message],
    had: Collection[Message] = (),
    *,
    was_listed: bool = False,
) -> None:
    """Remove each message in a transaction of its own."""
    for message in marked:
        commit_together(self, [message], had, was_listed=was_listed)


def _sync_nothing(self: Disk, descriptor: int) -> None:
    pass


def _sync_no_folder(self: Disk, folder: Path) -> None:
    pass


def _connect_carelessly(self: Database) -> sqlite3.Connection:
    connection = connect(self)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


BUILDS: dict[str, Callable[[], object]] = {
    "one-disk-thread": patch.object(service, "DISK_THREADS", 1).start,
    "no-fsync": patch.object(Disk, "sync", _sync_nothing).start,
    "no-folder-fsync": patch.object(Disk, "sync_folder", _sync_no_folder).start,
    "synchronous-off": patch.object(Database, "_connect", _connect_carelessly).start,
    "apart": patch.object(SqliteMaildrop, "commit", commit_apart).start,
}


if __name__ == "__main__":
    for name in sys.argv.pop(1).split("+"):
        BUILDS[name]()
    main()
