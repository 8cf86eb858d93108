"""SQLite behind two verbs: read a snapshot, and write one transaction that is durable on return.

Writers that arrive together share one commit: the first takes the turn and carries the work of all
who wait, each inside a savepoint of its own, so that one failure takes nothing else with it.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, cast

from pillarbox.base.errors import Bug, Fault, StoreFault
from pillarbox.db.migrations import migrate, refuse_unknown

BUSY_SECONDS = 30.0  # another process (deliver beside serve) may hold the one write lock
BATCH = 256  # works that share one commit; bounds how long the first one waits
GARBLED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
PRIMARY_CODE = 0xFF  # https://sqlite.org/rescode.html: extended codes are in the higher bits

Row = tuple[Any, ...]
T = TypeVar("T")


class Rows:
    """The statements that a piece of work may run."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, *values: object) -> list[Row]:
        """Return every row of a query."""
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> Row | None:
        """Return the first row of a query, None where there is none."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def run(self, sql: str, *values: object) -> int:
        """Run a statement and return how many rows it touched."""
        return self._connection.execute(sql, values).rowcount

    def run_each(self, sql: str, rows: Iterable[tuple[object, ...]]) -> int:
        """Run a statement once a row and return how many rows were touched."""
        return self._connection.executemany(sql, rows).rowcount

    def insert(self, sql: str, *values: object) -> int:
        """Run an INSERT and return the new row's id."""
        return cast("int", self._connection.execute(sql, values).lastrowid)


@dataclass(frozen=True, slots=True)
class _Returned(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


class _Job(Generic[T]):
    """A piece of work that waits for its turn, and afterwards what came of it."""

    def __init__(self, work: Callable[[Rows], T]) -> None:
        self._work = work
        self._outcome: _Returned[T] | _Raised | None = None  # where the batch ended before it
        self.is_done = False

    def attempt(self, connection: sqlite3.Connection, undo: "_Savepoint | _Alone") -> None:
        """Do the work; what it raises undoes it alone."""
        with undo:
            self._outcome = _Returned(self._work(Rows(connection)))
        if undo.error is not None:
            self._outcome = _Raised(undo.error)

    def end(self, failed: Fault | None) -> None:
        """Note that the transaction is over, and why nothing of it was kept."""
        if failed is not None and not isinstance(self._outcome, _Raised):
            self._outcome = _Raised(failed)
        self.is_done = True

    def result(self) -> T:
        """Return what the work returned, or raise what it raised."""
        match self._outcome:
            case _Returned(value):
                return value
            case _Raised(error):
                raise error
            case None:
                raise Bug("The work has not been done.")  # never a false success


class _Savepoint:
    """Undoes what is done inside where that raises, and holds the error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        self._connection.execute("SAVEPOINT work")
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Exception):
            if not self._connection.in_transaction:
                return False  # SQLite gave up the whole transaction, e.g. on a full disk
            self.error = error
            self._connection.execute("ROLLBACK TO work")
        elif error is not None:
            return False
        self._connection.execute("RELEASE work")
        return True


class _Alone:
    """The same for work with a transaction of its own, which a savepoint would hold twice."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        self.error = error
        self._connection.rollback()
        return True


class Database:
    """One SQLite file in WAL mode, shared by threads and by processes.

    Raises StoreFault where the file cannot be opened, is not ours, is newer than this program or
    cannot be written.
    """

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._waiting: list[_Job[Any]] = []
        self._waiting_lock = threading.Lock()
        self._turn = threading.Lock()
        self._idle_readers: list[sqlite3.Connection] = []
        with _said_as_store_fault(path):
            _make_private(path)
            self._writer = self._connect()
            # Else what a savepoint copies goes through a file: twenty writes for a small message.
            self._writer.execute("PRAGMA temp_store = MEMORY")
            with _closed_on_error(self._writer):
                migrate(self._writer, path)

    def close(self) -> None:
        """Close every connection; a transaction under way in another thread ends first."""
        with self._turn:
            self._writer.close()
            while self._idle_readers:
                self._idle_readers.pop().close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Rows]:
        """Give a snapshot: what is read inside stays the same whatever others write."""
        with _said_as_store_fault(self._path):
            connection = self._reader()
            with _closed_on_error(connection):
                connection.execute("BEGIN")
                yield Rows(connection)
                connection.rollback()
            self._idle_readers.append(connection)

    def write(self, work: Callable[[Rows], T]) -> T:
        """Run `work` in a transaction and return its result once that is on the disk.

        What `work` raises is raised here and leaves nothing behind. It must not call `write`.
        """
        job = _Job(work)
        with self._waiting_lock:
            self._waiting.append(job)
        with self._turn:
            while not job.is_done:
                self._write_batch()
        with _said_as_store_fault(self._path):
            return job.result()

    def check(self) -> None:
        """Read the whole file's structure; raises StoreFault where it is damaged."""
        with self.reading() as rows:
            found = rows.one("PRAGMA quick_check(1)")
        if found != ("ok",):
            raise _garbled(self._path)

    def _write_batch(self) -> None:
        with self._waiting_lock:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        failed: Fault | None = StoreFault("{path}: the transaction was cut short.", path=self._path)
        try:
            with _said_as_store_fault(self._path):
                self._commit(batch)
            failed = None
        except Fault as fault:
            failed = fault
        finally:
            for job in batch:
                job.end(failed)

    def _commit(self, batch: list[_Job[Any]]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        undo = _Alone if len(batch) == 1 else _Savepoint
        try:
            for job in batch:
                job.attempt(self._writer, undo(self._writer))
            if self._writer.in_transaction:  # else it was undone
                self._writer.execute("COMMIT")
        except BaseException:
            self._writer.rollback()
            raise

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._idle_readers.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )
        with _closed_on_error(connection):
            refuse_unknown(connection, self._path)  # before a setting would change its file
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # a commit is fsynced before it returns
            connection.execute("PRAGMA foreign_keys = ON")
        return connection


def _make_private(path: Path) -> None:
    """Make a new file that nobody else may read; SQLite gives its -wal and -shm the same mode."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)  # whatever the umask took away
        os.close(descriptor)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreFault("{path}: {why}.", path=path, why=error.strerror) from error


def _garbled(path: Path) -> StoreFault:
    return StoreFault(
        "{path} is damaged or is no Pillarbox database. Restore it from a backup together with the"
        " blobs; do not delete it: it alone knows which message is whose.",
        path=path,
    )


@contextlib.contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Close a connection whose state nobody knows any more."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


@contextlib.contextmanager
def _said_as_store_fault(path: Path) -> Iterator[None]:
    """Translate the driver's errors at the one place where they leave this room."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
        raise Bug("{path}: {why}.", path=path, why=error) from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE in GARBLED:
            raise _garbled(path) from error
        raise StoreFault("{path}: {why}.", path=path, why=error) from error
