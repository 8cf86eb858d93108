"""One SQLite file: what is written together, what is read beside it, and what is refused."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pillarbox.base.errors import Bug, Fault, StoreFault
from pillarbox.db.sqlite import Database, Rows, _Job

INSERT = "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)"
ORPHAN = "INSERT INTO credentials (account_id, scheme, verifier, created_at) VALUES (99, '', '', 0)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "pillarbox.db"
    Database(path).close()
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "pillarbox.db"))


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path)
    yield opened
    opened.close()


def add(name: str) -> Callable[[Rows], int]:
    return lambda rows: rows.insert(INSERT, name)


def names(database: Database) -> list[str]:
    with database.reading() as rows:
        return [name for (name,) in rows.all("SELECT name FROM accounts ORDER BY name")]


def break_off(rows: Rows) -> None:
    rows.insert(INSERT, "broken")
    raise LookupError


def fail_at_commit(rows: Rows) -> None:
    rows.run("PRAGMA defer_foreign_keys = ON")
    rows.run(ORPHAN)


def set_pragma(path: Path, pragma: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA {pragma}")
    connection.close()


def limit_pages(database: Database) -> None:
    pages = database._writer.execute("PRAGMA page_count").fetchone()[0]
    database._writer.execute(f"PRAGMA max_page_count = {pages}")


def add_much(rows: Rows) -> int:
    return rows.insert(INSERT, "x" * 1_000_000)


def test_one_failing_work_takes_nothing_else_of_its_batch_with_it(database: Database) -> None:
    before, broken = _Job(add("before")), _Job(break_off)
    database._waiting += [before, broken]
    database.write(add("after"))

    assert 1 == before.result()
    with pytest.raises(LookupError):
        broken.result()
    assert ["after", "before"] == names(database)


def test_hundreds_of_writers_at_once_are_all_written(database: Database) -> None:
    expected = [f"{number:03}" for number in range(320)]
    with ThreadPoolExecutor(32) as threads:
        ids = list(threads.map(lambda name: database.write(add(name)), expected))

    assert 320 == len(set(ids))
    assert expected == names(database)


def test_more_work_than_one_batch_holds_is_done_in_several(database: Database) -> None:
    jobs = [_Job(add(f"{number:03}")) for number in range(300)]
    database._waiting += jobs
    database.write(add("last"))

    assert 300 == len({job.result() for job in jobs})
    assert 301 == len(names(database))


def test_a_fault_out_of_commit_fails_every_job_and_none_falsely_succeeds(
    database: Database,
) -> None:
    jobs = [_Job(add("one")), _Job(add("two"))]
    database._waiting += jobs
    with pytest.raises(Bug, match="FOREIGN KEY"):
        database.write(fail_at_commit)

    for job in jobs:
        with pytest.raises(Fault, match="FOREIGN KEY"):
            job.result()
    assert [] == names(database)
    database.write(add("later"))
    assert ["later"] == names(database)


def test_a_full_disk_fails_every_job_of_the_batch_as_a_store_fault(database: Database) -> None:
    limit_pages(database)
    job = _Job(add("small"))
    database._waiting.append(job)
    with pytest.raises(StoreFault, match="full"):
        database.write(add_much)

    if names(database) == []:
        with pytest.raises(StoreFault, match="full"):
            job.result()
    else:
        assert 1 == job.result()


def test_an_interrupted_work_lets_nobody_else_of_its_batch_succeed(database: Database) -> None:
    def interrupt(rows: Rows) -> int:
        raise KeyboardInterrupt

    jobs = [_Job(add("before")), _Job(interrupt), _Job(add("after"))]
    database._waiting += jobs
    with pytest.raises(KeyboardInterrupt):
        database.write(add("mine"))

    for job in jobs:
        with pytest.raises(StoreFault, match="cut short"):
            job.result()
    assert [] == names(database)


def test_work_that_was_never_done_is_no_success() -> None:
    with pytest.raises(Bug):
        _Job(add("nobody")).result()


def test_a_snapshot_stays_the_same_while_others_write(database: Database) -> None:
    database.write(add("first"))
    with database.reading() as rows:
        before = rows.one("SELECT count(*) FROM accounts")
        database.write(add("second"))
        after = rows.one("SELECT count(*) FROM accounts")

    assert (1,) == before == after
    assert ["first", "second"] == names(database)


def test_a_locked_or_read_only_file_is_a_store_fault(path: Path) -> None:
    database = Database(path, busy_seconds=0)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFault, match="locked"):
        database.write(add("locked"))
    other.close()
    database._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreFault, match="readonly"):
        database.write(add("readonly"))
    assert [] == names(database)
    database.close()


def test_a_garbled_file_is_a_store_fault(tmp_path: Path) -> None:
    path = tmp_path / "garbled.db"
    path.write_bytes(b"no database" * 1000)

    with pytest.raises(StoreFault, match="damaged"):
        Database(path)


@pytest.mark.parametrize(
    ("pragma", "why"),
    [("application_id = 7", "another program"), ("user_version = 9999", "version 9999")],
)
def test_a_file_that_is_not_ours_or_newer_is_refused_and_left_alone(
    path: Path, pragma: str, why: str
) -> None:
    set_pragma(path, pragma)
    octets = path.read_bytes()

    with pytest.raises(StoreFault, match=why):
        Database(path)
    assert octets == path.read_bytes()


def test_a_place_where_no_file_can_be_made_is_a_store_fault(tmp_path: Path) -> None:
    with pytest.raises(StoreFault, match="No such file"):
        Database(tmp_path / "missing" / "pillarbox.db")


def test_a_migration_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    set_pragma(path, "user_version = 0")

    for _ in range(2):
        with pytest.raises(StoreFault, match="already exists"):
            Database(path)


def test_a_closed_database_takes_no_work(path: Path) -> None:
    database = Database(path)
    names(database)
    database.close()

    with pytest.raises(Fault, match="closed"):
        database.write(add("late"))


def test_the_file_and_its_log_are_private(tmp_path: Path) -> None:
    database = Database(tmp_path / "pillarbox.db")
    modes = {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    database.close()

    assert {0o600} == modes


def test_a_check_passes_a_whole_file_and_names_a_damaged_one(path: Path) -> None:
    database = Database(path)
    database.check()
    database.close()
    octets = path.read_bytes()
    path.write_bytes(octets[:4096] + b"\xff" * 4096 + octets[8192:])  # a table: the second page
    damaged = Database(path)

    with pytest.raises(StoreFault, match="damaged"):
        damaged.check()
    damaged.close()


def test_reopening_keeps_the_rows_and_runs_no_migration_twice(path: Path) -> None:
    first = Database(path)
    first.write(add("kept"))
    first.close()
    again = Database(path)
    with again.reading() as rows:
        version = rows.one("PRAGMA user_version")
    kept = names(again)
    again.close()

    assert ["kept"] == kept
    assert version is not None
    assert 1 <= version[0]
