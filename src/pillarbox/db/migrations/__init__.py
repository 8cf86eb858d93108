"""Numbered SQL files, each run once and in order, inside one transaction."""

import sqlite3
from collections.abc import Iterator
from importlib import resources

from pillarbox.base.errors import StoreFault

APPLICATION_ID = 0x50494C42  # "PILB", so that another program's file is not taken for ours


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database up to the newest number; a new file starts at 0.

    Raises StoreFault where the file is another program's or a newer Pillarbox's.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        _run_missing(connection)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _run_missing(connection: sqlite3.Connection) -> None:
    scripts = dict(_scripts())
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if owner != (APPLICATION_ID if version else 0) or version > max(scripts):
        raise StoreFault(
            "The database is of version {version}, which this Pillarbox does not know."
            " Use the Pillarbox that wrote it, or a newer one.",
            version=version,
        )
    for number in sorted(number for number in scripts if number > version):
        for statement in _statements(scripts[number]):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _scripts() -> Iterator[tuple[int, str]]:
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".sql"):
            yield int(file.name[:4]), file.read_text("utf-8")


def _statements(script: str) -> Iterator[str]:
    # executescript would commit the transaction that we are in.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
