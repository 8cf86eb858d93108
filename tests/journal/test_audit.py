"""The audit's lines are chained, and nobody changes one."""

import sqlite3
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pillarbox.base.errors import Bug
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal import audit
from pillarbox.journal.audit import (
    FIRST_HASH,
    Audit,
    Fact,
    Line,
    Verified,
    append,
    read_facts,
)

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


EVENTS = ["sign-in.accepted", "device.revoked", "x"]
FACT = st.none() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FACTS = st.dictionaries(st.sampled_from(["by", "device", "why"]), FACT, max_size=2)
WRITTEN = st.tuples(
    st.integers(0, 2**40), st.sampled_from(EVENTS), st.none() | st.integers(1, 9), FACTS
)
COLUMNS = ["id", "at", "event", "account_id", "facts", "hash"]
OTHER = {
    "id": st.integers(-(2**63), 2**63 - 1),
    "at": st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.none() | st.binary(),
    "event": st.text(st.characters(exclude_categories=["Cs"])) | st.binary() | st.none(),
    "account_id": st.none() | st.integers(-9, 9) | st.text(max_size=2) | st.binary(max_size=2),
    "facts": st.text(st.characters(exclude_categories=["Cs"])) | st.binary() | st.none(),
    "hash": st.binary(max_size=40) | st.none() | st.integers(-(2**63), 2**63 - 1),
}


def opened_up(database: Database) -> None:
    """Do as somebody does who wants to forge: away with the triggers, and with every rule."""

    def work(rows: Rows) -> None:
        lines = rows.all(LINES)
        rows.run("DROP TABLE audit")
        rows.run("CREATE TABLE audit (id INTEGER PRIMARY KEY, at, event, account_id, facts, hash)")
        rows.run_each("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", lines)

    database.write(work)


def write_lines(database: Database, count: int) -> list[bytes]:
    """Write lines; return the hashes of all."""
    for at in range(count):
        database.write(partial(append, at=at, event="device.added", account=None, device="phone"))
    return hashes(database)


def run(database: Database, statement: str, *values: object) -> None:
    database.write(lambda rows: rows.run(statement, *values))


def hashes(database: Database) -> list[bytes]:
    with database.reading() as rows:
        return [kept for *_, kept in rows.all(LINES)]


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(WRITTEN, min_size=1, max_size=5), data=st.data())
def test_whatever_is_changed_in_a_line_is_found_and_the_last_whole_line_named(
    tmp_path_factory: pytest.TempPathFactory,
    written: list[tuple[int, str, AccountId | None, dict[str, Fact]]],
    data: st.DataObject,
) -> None:
    database = Database(tmp_path_factory.mktemp("home") / "pillarbox.db")

    def write(rows: Rows) -> None:
        for at, event, account, facts in written:
            append(rows, at, event, account, **facts)

    database.write(write)
    opened_up(database)
    number = data.draw(st.integers(1, len(written)))
    column = data.draw(st.sampled_from(COLUMNS))
    with database.reading() as rows:
        old = rows.one(f"SELECT {column}, typeof({column}) FROM audit WHERE id = ?", number)
        ids = {each for (each,) in rows.all("SELECT id FROM audit")}
    new = data.draw(OTHER[column])
    assume(column != "id" or new not in ids)
    head = hashes(database)[number - 2] if number > 1 else FIRST_HASH
    whole = Audit(database).verify(hashes(database)[-1])

    def change(rows: Rows) -> object:
        rows.run(f"UPDATE audit SET {column} = ? WHERE id = ?", new, number)
        now = new if column == "id" else number
        return rows.one(f"SELECT {column}, typeof({column}) FROM audit WHERE id = ?", now)

    assume(old != database.write(change))
    found = Audit(database).verify()
    database.close()

    assert whole.is_whole
    assert whole.has_expected
    assert len(written) == whole.lines
    assert not found.is_whole
    # A line that is moved before all others spoils the first of the chain already.
    is_first = column == "id" and int(new or 0) < 1
    assert found.lines == (0 if is_first else number - 1)
    assert found.head == (FIRST_HASH if found.lines == 0 else head)


@pytest.mark.slow
def test_a_line_of_bits_flipped_one_by_one_is_always_found(database: Database) -> None:
    kept = write_lines(database, 2)[0]
    opened_up(database)
    found = []
    for bit in range(256):
        flipped = (int.from_bytes(kept, "big") ^ 1 << bit).to_bytes(32, "big")
        run(database, "UPDATE audit SET hash = ? WHERE id = 1", flipped)
        found.append(Audit(database).verify().lines)

    assert [0] * 256 == found


@pytest.mark.parametrize(
    ("statements", "whole"),
    [
        (["DELETE FROM audit WHERE id = 1"], 0),
        (["DELETE FROM audit WHERE id = 3"], 2),
        (["UPDATE audit SET id = 9 WHERE id = 3"], 2),
        (["DELETE FROM audit WHERE id = 3", "UPDATE audit SET id = 3 WHERE id = 4"], 2),
        (
            [
                "UPDATE audit SET id = 9 WHERE id = 2",
                "UPDATE audit SET id = 2 WHERE id = 3",
                "UPDATE audit SET id = 3 WHERE id = 9",
            ],
            1,
        ),
        (["INSERT INTO audit SELECT 0, at, event, account_id, facts, hash FROM audit"], None),
        (["INSERT INTO audit SELECT 6, at, event, account_id, facts, hash FROM audit LIMIT 1"], 5),
        ([f"UPDATE audit SET id = {2**63 - 1} WHERE id = 5"], 4),
        ([f"UPDATE audit SET id = {-(2**63)} WHERE id = 5"], 0),
    ],
    ids=str,
)
def test_a_line_that_is_taken_out_moved_or_put_in_is_found(
    database: Database, statements: list[str], whole: int | None
) -> None:
    write_lines(database, 5)
    opened_up(database)
    for statement in statements:
        if whole is None:
            with pytest.raises(Bug):  # two lines of one number cannot be
                run(database, statement)
        else:
            run(database, statement)

    found = Audit(database).verify()

    assert (5 if whole is None else whole, whole is None) == (found.lines, found.is_whole)


def test_a_chain_that_was_cut_at_its_end_or_made_anew_lacks_the_head_that_was_noted(
    database: Database, tmp_path: Path
) -> None:
    noted = write_lines(database, 5)
    opened_up(database)
    database.write(lambda rows: rows.run("DELETE FROM audit WHERE id > 3"))
    anew = Database(tmp_path / "anew.db")
    anew.write(lambda rows: append(rows, 1, "x"))

    assert Audit(database).verify(noted[2]).has_expected
    for other, last in [(database, noted[4]), (anew, noted[0])]:
        found = Audit(other).verify(last)
        assert (True, False) == (found.is_whole, found.has_expected)


def test_an_empty_audit_is_whole(database: Database) -> None:
    expected = Verified(0, FIRST_HASH, None, is_whole=True, has_expected=True)

    assert expected == Audit(database).verify()
    assert [] == list(Audit(database).lines())


def test_whoever_reads_keeps_nobody_from_writing(database: Database) -> None:
    write_lines(database, 3)
    lines = Audit(database).lines()
    first, _ = next(lines)

    database.write(lambda rows: append(rows, 4, "x"))

    assert [1, 2, 3, 4] == [first.number, *(line.number for line, _ in lines)]
    assert 4 == Audit(database).verify().lines


def test_a_chain_is_verified_while_another_process_holds_the_write_lock(
    database: Database, tmp_path: Path
) -> None:
    write_lines(database, 3)
    with closing(sqlite3.connect(tmp_path / "pillarbox.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert 3 == Audit(database).verify().lines


def test_more_lines_than_a_page_are_all_read_in_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE_LINES", 2)
    write_lines(database, 5)

    assert [1, 2, 3, 4, 5] == [line.number for line, _ in Audit(database).lines()]
    assert [4, 5] == [line.number for line, _ in Audit(database).lines(since=3)]
    assert 5 == Audit(database).verify().lines


@pytest.mark.parametrize("text", ["[1]", "{", "[" * 100_000, ""])
def test_facts_that_somebody_has_garbled_are_shown_as_they_are(text: str) -> None:
    assert {"?": text} == read_facts(text)
