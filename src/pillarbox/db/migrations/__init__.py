"""Numbered SQL files, each run once and in order, inside one transaction."""

import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from pillarbox.base.errors import StoreFault

APPLICATION_ID = 0x50494C42  # "PILB", so that another program's file is not taken for ours


def refuse_unknown(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreFault where the file is another program's or a newer one's; write nothing."""
    connection.execute("BEGIN")
    try:
        _version(connection, path)
    finally:
        connection.rollback()


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database up to the newest number; a new file starts at 0.

    Foreign keys rest meanwhile, so that a table may be made anew below its references: they are
    checked before the commit. Raises StoreFault as refuse_unknown does.
    """
    connection.execute("PRAGMA foreign_keys = OFF")  # of no effect inside a transaction
    try:
        _migrate(connection, path)
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection, path)
        _run_missing(connection, version)
        if version < max(dict(_scripts())):
            _refuse_broken_references(connection, path)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _refuse_broken_references(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise StoreFault(
            "{path} is damaged: a row refers to another that is not there. Restore it from a backup"
            " together with the blobs.",
            path=path,
        )


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    owner: int = connection.execute("PRAGMA application_id").fetchone()[0]
    has_tables = connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is not None
    if owner != (APPLICATION_ID if version or has_tables else 0):
        raise StoreFault(
            "{path} is another program's database. Move it away and restore Pillarbox's own from a"
            " backup together with the blobs.",
            path=path,
        )
    if version > max(dict(_scripts())):
        raise StoreFault(
            "{path} is of version {version}, which this Pillarbox does not know. Use the Pillarbox"
            " that wrote it, or a newer one; or restore the backup that was made before.",
            path=path,
            version=version,
        )
    return version


def _run_missing(connection: sqlite3.Connection, version: int) -> None:
    for number, script in sorted(_scripts()):
        if number > version:
            for statement in _statements(script):
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
