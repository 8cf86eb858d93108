"""The audit: what happened to whose account, each line chained to the one before by its hash.

A line is written in the transaction of what it tells, so that neither is there without the other.
"""

import hashlib
import json
from dataclasses import astuple, dataclass

from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Rows

Fact = str | int | None  # None is left out

LAST = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1"
ADD = "INSERT INTO audit (id, at, event, account_id, facts, hash) VALUES (?, ?, ?, ?, ?, ?)"
FIRST_HASH = bytes(32)  # what line 1 is chained to


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `at` in whole seconds since 1970-01-01 UTC, `facts` as `written` returns them."""

    number: int
    at: int
    event: str
    account: AccountId | None
    facts: str

    def chained(self, before: bytes) -> bytes:
        """Return the line's hash, which covers that of the line before."""
        text = json.dumps(astuple(self), ensure_ascii=True)
        return hashlib.sha256(before + text.encode("ascii")).digest()


def append(
    rows: Rows, at: int, event: str, account: AccountId | None = None, **facts: Fact
) -> None:
    """Add a line inside a transaction. Facts hold no secret and no message's text."""
    last, last_hash = rows.one(LAST) or (0, FIRST_HASH)
    line = Line(last + 1, at, event, account, written(facts))
    rows.run(ADD, *astuple(line), line.chained(last_hash))


def written(facts: dict[str, Fact]) -> str:
    """Return facts as they are kept: of equal ones the same text."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return json.dumps(known, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
