"""The audit: what happened to whose account, each line chained to the one before by its hash.

A line is written in the transaction of what it tells, so that neither is there without the other.
Lines are only ever added: they are read in pages, and nobody who writes waits for a reader.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Row, Rows

Fact = str | int | None  # None is left out

LAST = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1"
ADD = "INSERT INTO audit (id, at, event, account_id, facts, hash) VALUES (?, ?, ?, ?, ?, ?)"
# Texts as octets: a text that somebody has garbled is to be found, and must not end the search.
CHAIN = """
    SELECT id, at, CAST(coalesce(event, '') AS BLOB), account_id,
           CAST(coalesce(facts, '') AS BLOB), hash
    FROM audit WHERE id >= ? ORDER BY id LIMIT ?
"""
LISTED = """
    SELECT audit.id, at, CAST(coalesce(event, '') AS BLOB), account_id,
           CAST(coalesce(facts, '') AS BLOB), name
    FROM audit LEFT JOIN accounts ON accounts.id = account_id
    WHERE audit.id >= ?1 AND at >= ?2 AND (?3 IS NULL OR name = ?3) ORDER BY audit.id LIMIT ?4
"""
PAGE_LINES = 2_000  # in memory at a time: a megabyte or so
FIRST_HASH = bytes(32)  # what line 1 is chained to
LOWEST, HIGHEST = -(2**63), 2**63 - 1  # that SQLite can hold


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `at` in whole seconds since 1970-01-01 UTC, `facts` as `written` returns them."""

    number: int
    at: int
    event: str
    account: AccountId | None
    facts: str

    @property
    def columns(self) -> tuple[int, int, str, AccountId | None, str]:
        """The line as it is kept; astuple, which copies each, would take half of a walk."""
        return self.number, self.at, self.event, self.account, self.facts

    def chained(self, before: bytes) -> bytes:
        """Return the line's hash, which covers that of the line before."""
        text = json.dumps(self.columns, ensure_ascii=True)
        return hashlib.sha256(before + text.encode("ascii")).digest()


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the chain is whole, and whether that is to its end.

    `head` is the hash of the last whole line, which covers every line up to it.
    """

    lines: int
    head: bytes
    at: int | None  # of the last whole line
    is_whole: bool
    has_expected: bool  # whether the hash that was asked for is one of the chain's


def append(
    rows: Rows, at: int, event: str, account: AccountId | None = None, **facts: Fact
) -> None:
    """Add a line inside a transaction. Facts hold no secret and no message's text."""
    last, last_hash = rows.one(LAST) or (0, FIRST_HASH)
    line = Line(last + 1, at, event, account, written(facts))
    rows.run(ADD, *line.columns, line.chained(last_hash))


def written(facts: dict[str, Fact]) -> str:
    """Return facts as they are kept: of equal ones the same text."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return json.dumps(known, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def read_facts(text: str) -> dict[str, object]:
    """Return kept facts by name; what somebody has garbled stands under the name `?`."""
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        facts = None
    return facts if isinstance(facts, dict) else {"?": text}


class Audit:
    """The audit of one database, read in the order in which it was written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lines(
        self, account: str | None = None, since: int = LOWEST
    ) -> Iterator[tuple[Line, str | None]]:
        """Yield lines and their accounts' names, the oldest line first.

        With a name, only those of the accounts that have or had it.
        """
        for *line, name in self._rows(LISTED, since, account):
            yield _line(line), name

    def has_known(self, account: str) -> bool:
        """Say whether there is or was an account of that name."""
        with self._database.reading() as rows:
            return rows.one("SELECT 1 FROM accounts WHERE name = ?", account) is not None

    def verify(self, expected: bytes = FIRST_HASH) -> Verified:
        """Walk the chain from its first line to its end, or to the first line that is wrong.

        It takes no lock that a writer wants. A chain that was cut at its end, or made anew, is
        whole in itself: that it lacks `expected`, a head noted earlier, tells it.
        """
        found = Verified(0, FIRST_HASH, None, is_whole=True, has_expected=expected == FIRST_HASH)
        for *columns, kept in self._rows(CHAIN):
            line = _line(columns)
            if line.number != found.lines + 1 or _hash(line, found.head) != kept:
                return replace(found, is_whole=False)
            has_expected = found.has_expected or kept == expected
            found = Verified(line.number, kept, line.at, is_whole=True, has_expected=has_expected)
        return found

    def _rows(self, sql: str, *values: object) -> Iterator[Row]:
        """Yield rows of a query that asks for lines from a number on, and for so many."""
        start = LOWEST
        while start <= HIGHEST:
            with self._database.reading() as rows:
                page = rows.all(sql, start, *values, PAGE_LINES)
            if not page:
                return
            yield from page
            start = page[-1][0] + 1


def _line(columns: Sequence[Any]) -> Line:
    number, at, event, account, facts = columns
    return Line(number, at, _text(event), account, _text(facts))


def _text(octets: bytes) -> str:
    # Octets that are no UTF-8 stay told apart: no line that we wrote has what they become.
    return octets.decode("utf-8", "surrogateescape")


def _hash(line: Line, before: bytes) -> bytes | None:
    """Return the hash that the line must have, None where nothing that we wrote looks like it."""
    try:
        return line.chained(before)
    except TypeError:
        return None
