"""A store that is cut short at its n-th call, for machines without strace.

    python -m tests.durability.cut_store kill quit HOME FOLDER STEP

A copy of HOME for every STEP-th n, each named n below FOLDER; a child process runs the script on
it and ends, or is refused, at its n-th call, before or after it took place. The last n is the first
that is not reached. What was acknowledged is in `n/acknowledged`. Prints that last n.
"""

import errno
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from pillarbox.accounts.accounts import Accounts
from pillarbox.base.clock import DAY_SECONDS, FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import Identity
from pillarbox.db.sqlite import Database, Rows
from pillarbox.store.blobs.port import Digest
from pillarbox.store.disk import Disk
from pillarbox.store.files import Delivered, FileDelivery
from pillarbox.store.purge import Purge, Purged
from pillarbox.store.sqlite import SqliteMaildrop, SqliteStore
from pillarbox.store.undo import GRACE_DAYS, Undo
from tests.durability.broken_build import commit_apart
from tests.durability.judge import MESSAGES, MROSE, OTHER, SESSION, copy_home, store_of

MARKED = (1, 3, 4)
REACHED = 3  # the exit code of a child that was refused once
MOST = 500


class Cut:
    """Counts the calls, and does something at one of them."""

    def __init__(self, when: int, *, kills: bool) -> None:
        self.kills = kills
        self.is_reached = False
        self._left = when

    def here(self) -> None:
        """End this process, or raise OSError, if this is the call."""
        self._left -= 1
        if self._left:
            return
        self.is_reached = True
        if self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class CutDisk(Disk):
    """A disk that is cut before and after each of its calls."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut

    def sync(self, descriptor: int) -> None:
        self._cut.here()
        super().sync(descriptor)
        self._cut.here()

    def rename(self, old: Path, new: Path) -> None:
        self._cut.here()
        super().rename(old, new)
        self._cut.here()

    def remove(self, path: Path) -> None:
        self._cut.here()
        super().remove(path)
        self._cut.here()

    def sync_folder(self, folder: Path) -> None:
        self._cut.here()
        super().sync_folder(folder)
        self._cut.here()


def database_cut_by(cut: Cut) -> type[Database]:
    """Give a database that is cut before each statement of a transaction, and after the last."""

    class CutDatabase(Database):
        def _commit(self, batch: list[Any]) -> None:
            if not cut.kills:
                _refuse(cut)
            self._writer.set_trace_callback(lambda _sql: cut.here() if cut.kills else None)
            super()._commit(batch)
            self._writer.set_trace_callback(None)
            if cut.kills:
                cut.here()

    return CutDatabase


def _refuse(cut: Cut) -> None:
    try:
        cut.here()
    except OSError as fault:
        raise sqlite3.OperationalError(fault.strerror) from fault


class Acknowledge(Protocol):
    """Notes that something was promised, before anything else is done."""

    def __call__(self, *words: object) -> None: ...


Script = Callable[[SqliteStore, Accounts, Acknowledge, Path], None]


def lmtp(store: SqliteStore, accounts: Accounts, acknowledge: Acknowledge, _home: Path) -> None:
    """Deliver three messages to two accounts each."""
    for number, octets in enumerate(MESSAGES[:3]):
        with suppress(StoreFault), store.incoming() as incoming:
            incoming.write(octets)
            kept = incoming.keep()
            for account in (MROSE, OTHER):
                with suppress(StoreFault):
                    store.deliver(kept, accounts.show(account).id)
                    acknowledge(account, number)


def deliver(store: SqliteStore, accounts: Accounts, acknowledge: Acknowledge, home: Path) -> None:
    """Deliver five files to one account."""
    files = sorted(home.with_name(home.name + "-files").iterdir())
    with suppress(StoreFault):
        for result in FileDelivery(store, accounts.show(MROSE).id, files).run():
            if isinstance(result, Delivered):
                acknowledge(MROSE, files.index(result.path))


def leave(store: SqliteStore, accounts: Accounts, acknowledge: Acknowledge, _home: Path) -> None:
    """Remove three of five."""
    maildrop = store.open_maildrop(Identity(accounts.show(MROSE).id))
    with suppress(StoreFault):
        maildrop.commit([maildrop.messages[number - 1] for number in MARKED])
        acknowledge("quit")


def leave_apart(
    store: SqliteStore, accounts: Accounts, acknowledge: Acknowledge, home: Path
) -> None:
    """Remove three of five as the build does whose transaction was taken out."""
    with patch.object(SqliteMaildrop, "commit", commit_apart):
        leave(store, accounts, acknowledge, home)


def undo(store: SqliteStore, accounts: Accounts, acknowledge: Acknowledge, _home: Path) -> None:
    """Bring three back."""
    account = accounts.show(MROSE).id
    with suppress(StoreFault):
        Undo(store._database, store._clock).bring_back(account, SESSION)
        acknowledge("undone")


def purge(
    store: SqliteStore,
    _accounts: Accounts,
    acknowledge: Acknowledge,
    _home: Path,
    kind: type[Purge] = Purge,
) -> None:
    """Let three go for good, which were removed long ago."""
    clock = FakeClock(store._clock.now() + GRACE_DAYS * DAY_SECONDS)
    with suppress(StoreFault):
        kind(store._database, store._blobs, clock, GRACE_DAYS, fresh_seconds=0).run()
        acknowledge("purged")


class HastyPurge(Purge):
    """Removes the octets in the transaction that lets go of their names."""

    def run(self) -> Purged:
        return self._database.write(self._all)

    def _all(self, rows: Rows) -> Purged:
        found = rows.all("SELECT id, digest FROM messages WHERE state = 'removed'")
        messages = rows.run_each("DELETE FROM messages WHERE id = ?", [(row[0],) for row in found])
        return Purged(messages, self._remove([Digest(row[1]) for row in found], rows))


def purge_hastily(
    store: SqliteStore, accounts: Accounts, acknowledge: Acknowledge, home: Path
) -> None:
    """Let three go as a build does whose order was taken out."""
    purge(store, accounts, acknowledge, home, HastyPurge)


def leave_shared(
    store: SqliteStore, accounts: Accounts, acknowledge: Acknowledge, _home: Path
) -> None:
    """Remove three of five from one of two views, and take the other two."""
    maildrop = store.open_maildrop(Identity(accounts.show(MROSE).id))
    marked = [maildrop.messages[number - 1] for number in MARKED]
    with suppress(StoreFault):
        maildrop.commit(marked, [each for each in maildrop.messages if each not in marked])
        acknowledge("quit")


def leave_shared_apart(
    store: SqliteStore, accounts: Accounts, acknowledge: Acknowledge, home: Path
) -> None:
    """Do the same as the build does whose transaction was taken out."""
    with patch.object(SqliteMaildrop, "commit", commit_apart):
        leave_shared(store, accounts, acknowledge, home)


SCRIPTS: dict[str, Script] = {
    "lmtp": lmtp,
    "deliver": deliver,
    "quit": leave,
    "quit-apart": leave_apart,
    "quit-shared": leave_shared,
    "quit-shared-apart": leave_shared_apart,
    "undo": undo,
    "purge": purge,
    "purge-hastily": purge_hastily,
}


def play(script: Script, home: Path, folder: Path, cut: Cut) -> None:
    """Run a script on a home with everything that can be cut."""
    descriptor = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def acknowledge(*words: object) -> None:
        os.write(descriptor, (" ".join(map(str, words)) + "\n").encode())

    opening = Cut(0, kills=False)  # never reached: what is cut is the script
    disk = CutDisk(opening)
    with store_of(folder, disk, database_cut_by(cut)) as (store, accounts):
        disk._cut = cut
        script(store, accounts, acknowledge, home)
    os.close(descriptor)


def in_child(work: Callable[[], int]) -> int:
    """Run something in a child of this process, which has one thread; give its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        code = work()
    finally:
        os._exit(code)


def main(how: str, name: str, home: Path, folder: Path, step: int) -> int:
    """Cut at every STEP-th call; give the first number that was not reached."""
    for when in range(1, MOST, step):
        copy = copy_home(home, folder / str(when))
        cut = Cut(when, kills=how == "kill")

        def work(copy: Path = copy, cut: Cut = cut) -> int:
            play(SCRIPTS[name], home, copy, cut)
            return REACHED if cut.is_reached else 0

        code = in_child(work)
        if code == 0:
            return when
        if code not in (REACHED, -signal.SIGKILL):
            sys.exit(f"The child ended with {code}.")
    sys.exit("There is no end of it.")


if __name__ == "__main__":
    how, name, home, folder, step = sys.argv[1:]
    sys.stdout.write(str(main(how, name, Path(home), Path(folder), int(step))))
