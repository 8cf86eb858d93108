"""Migrations: a database of an older version keeps what it has."""

import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path

import pytest

from pillarbox.base.errors import Bug, StoreFault
from pillarbox.db import migrations
from pillarbox.db.migrations import APPLICATION_ID
from pillarbox.db.sqlite import Database

# What version 1 held: an account with a password, one without, one removed, a remote, a message.
ROWS = """
    INSERT INTO accounts VALUES (1, 'mrose', 'enabled', 10), (2, 'new', 'disabled', 11);
    INSERT INTO accounts VALUES (3, 'mrose', 'removed', 9);
    INSERT INTO credentials VALUES (1, 1, 'argon2id', '$argon2id$x', 12);
    INSERT INTO secrets VALUES (1, 'remote work', 'key', x'01', 13);
    INSERT INTO blobs VALUES (zeroblob(32), 1, 'identity', 1, 1, 0, 0);
    INSERT INTO messages VALUES (1, 1, 'u', zeroblob(32), 14, 'maildrop', 0, NULL);
    INSERT INTO remotes VALUES
        (1, 'work', 1, 'host', 995, 'implicit', NULL, 'u', 1, NULL, NULL, NULL, 15);
    INSERT INTO ledger VALUES (1, 'theirs', 1, 16, 'none');
"""
TABLES = ("accounts", "credentials", "secrets", "messages", "remotes", "ledger")


A_DAY = 86_400


def script(name: str) -> str:
    return (resources.files(migrations) / name).read_text("utf-8")


Kept = dict[str, list[dict[str, object]]]


def make_first_version(path: Path) -> Kept:
    connection = sqlite3.connect(path)
    connection.executescript(script("0001_post_office.sql") + ROWS)
    connection.execute("PRAGMA user_version = 1")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.commit()
    connection.close()
    return read(path)


def read(path: Path) -> Kept:
    """Return each row by its columns: a table that is made anew may have them in another order."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        found = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
    return {name: [dict(row) for row in rows] for name, rows in found.items()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pillarbox.db"


def test_a_database_of_the_first_version_keeps_every_row(path: Path) -> None:
    before = make_first_version(path)

    database = Database(path)

    with database.reading() as rows:
        version = rows.one("PRAGMA user_version")
    database.check()
    database.close()
    after = read(path)
    assert before == {
        name: [{column: row[column] for column in before[name][0]} for row in after[name]]
        for name in TABLES
    }
    assert version is not None
    assert version[0] > 1


def test_a_password_of_the_first_version_is_the_main_password(path: Path) -> None:
    make_first_version(path)

    database = Database(path)

    with database.reading() as rows:
        assert [(None,)] == rows.all("SELECT device_id FROM credentials")
        assert [] == rows.all("SELECT * FROM scram_parameters")
    database.close()


def test_two_accounts_may_have_one_unique_id_and_one_account_may_not(path: Path) -> None:
    make_first_version(path)
    add = "INSERT INTO messages (account_id, unique_id, digest, arrived_at, state)"
    add += " VALUES (?, 'u', zeroblob(32), 1, 'maildrop')"

    database = Database(path)
    database.write(lambda rows: rows.run(add, 2))

    with pytest.raises(Bug, match="UNIQUE"):
        database.write(lambda rows: rows.run(add, 1))
    database.close()


def test_a_device_that_is_older_than_views_is_waited_for_as_if_it_had_just_been_added(
    path: Path,
) -> None:
    make_first_version(path)
    connection = sqlite3.connect(path)
    connection.executescript(script("0002_devices.sql"))
    connection.execute("INSERT INTO devices VALUES (1, 1, 'phone', 20, NULL, NULL)")
    connection.execute("PRAGMA user_version = 2")
    connection.commit()
    connection.close()

    database = Database(path)

    with database.reading() as rows:
        (age,) = rows.all(
            "SELECT strftime('%s', 'now') - created_at FROM views WHERE device_id = 1"
        )
        assert [(20,)] == rows.all("SELECT created_at FROM devices")
    database.close()
    assert 0 <= age[0] < A_DAY


def test_what_refers_to_a_table_that_was_made_anew_refers_to_the_new_one(path: Path) -> None:
    make_first_version(path)

    database = Database(path)

    with pytest.raises(Bug, match="FOREIGN KEY"):
        database.write(lambda rows: rows.run("DELETE FROM messages"))
    database.close()


def test_a_reference_to_nothing_is_found_while_migrating(path: Path) -> None:
    before = make_first_version(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE ledger SET message_id = 7")
    connection.commit()

    with pytest.raises(StoreFault, match="refers to another"):
        Database(path)

    assert (1,) == connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert before["messages"] == read(path)["messages"]


def test_a_migration_that_is_cut_short_leaves_the_first_version(path: Path) -> None:
    before = make_first_version(path)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE scram_parameters (in_the_way)")
    connection.commit()

    with pytest.raises(StoreFault, match="already exists"):
        Database(path)

    assert (1,) == connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert before == read(path)
