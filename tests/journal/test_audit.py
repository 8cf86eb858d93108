"""The audit's lines are chained, and nobody changes one."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from pillarbox.base.errors import Bug
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database
from pillarbox.journal.audit import FIRST_HASH, Line, append

LINES = "SELECT id, at, event, account_id, facts, hash FROM audit ORDER BY id"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "pillarbox.db")


def test_each_line_is_chained_to_the_one_before(database: Database) -> None:
    for at in range(3):
        database.write(partial(append, at=at, event="x", account=AccountId(1), by="ü", no=None))
    with database.reading() as rows:
        lines = rows.all(LINES)

    hashes = [FIRST_HASH, *(line[-1] for line in lines)]
    assert [(1, 0), (2, 1), (3, 2)] == [(number, at) for number, at, *_ in lines]
    assert {r'{"by":"\u00fc"}'} == {line[4] for line in lines}
    for (before, after), line in zip(pairwise(hashes), lines, strict=True):
        assert after == Line(*line[:-1]).chained(before)


@pytest.mark.parametrize("statement", ["DELETE FROM audit", "UPDATE audit SET at = 2"])
def test_no_line_is_changed_or_taken_out(database: Database, statement: str) -> None:
    database.write(lambda rows: append(rows, 1, "x"))

    with pytest.raises(Bug, match="append-only"):
        database.write(lambda rows: rows.run(statement))
