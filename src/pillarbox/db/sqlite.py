"""SQLite behind two verbs: read a snapshot, and write one transaction that is durable on return.

Writers that arrive together share one commit: the first takes the turn and carries the work of all
who wait, each inside a savepoint of its own, so that one failure takes nothing else with it.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from pillarbox.base.errors import Bug, StoreFault
from pillarbox.db.migrations import migrate

BUSY_SECONDS = 30.0  # another process (deliver beside serve) may hold the one write lock
BATCH = 256  # works that share one commit; bounds how long the first one waits

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
        row_id = self._connection.execute(sql, values).lastrowid
        assert row_id is not None
        return row_id


class _Job(Generic[T]):
    """A piece of work that waits for its turn, and afterwards its result."""

    def __init__(self, work: Callable[[Rows], T]) -> None:
        self._work = work
        self._result: T | None = None
        self._fault: BaseException | None = None
        self.is_done = False

    def attempt(self, connection: sqlite3.Connection) -> None:
        """Do the work inside a savepoint; what it raises undoes it alone."""
        connection.execute("SAVEPOINT work")
        try:
            self._result = self._work(Rows(connection))
        except Exception as fault:  # noqa: BLE001
            self._fault = fault
            connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")

    def fail(self, fault: BaseException) -> None:
        """Note that nothing of the work was kept."""
        self._fault = self._fault or fault

    def result(self) -> T:
        """Return what the work returned, or raise what it raised."""
        if self._fault is not None:
            raise self._fault
        return self._result  # type: ignore[return-value]


class Database:
    """One SQLite file in WAL mode, shared by threads and by processes.

    Raises StoreFault where the file cannot be opened, is not ours, is newer than this program or
    cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[_Job[Any]] = []
        self._waiting_lock = threading.Lock()
        self._turn = threading.Lock()
        self._idle_readers: list[sqlite3.Connection] = []
        with _said_as_store_fault(path):
            self._writer = self._connect()
            migrate(self._writer)

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
            connection.execute("BEGIN")
            try:
                yield Rows(connection)
            finally:
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
            if not job.is_done:
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
        try:
            with _said_as_store_fault(self._path):
                self._commit(batch)
        except StoreFault as fault:
            for job in batch:
                job.fail(fault)
        finally:
            for job in batch:
                job.is_done = True

    def _commit(self, batch: list[_Job[Any]]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            for job in batch:
                job.attempt(self._writer)
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
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # each commit is fsynced before it returns
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def _garbled(path: Path) -> StoreFault:
    return StoreFault(
        "{path} is damaged or is no Pillarbox database. Restore it from a backup together with the"
        " blobs; do not delete it: it alone knows which message is whose.",
        path=path,
    )


@contextlib.contextmanager
def _said_as_store_fault(path: Path) -> Iterator[None]:
    """Translate the driver's errors at the one place where they leave this room."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise Bug("{path}: {why}.", path=path, why=error) from error
    except sqlite3.OperationalError as error:
        raise StoreFault("{path}: {why}.", path=path, why=error) from error
    except sqlite3.DatabaseError as error:
        raise _garbled(path) from error
