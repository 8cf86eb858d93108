"""`pillarbox audit`: what people and programs read of it, and what they are warned of."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.clock import FakeClock, shown_time
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId
from pillarbox.cli.times import read_time
from pillarbox.db.sqlite import Database
from pillarbox.journal.audit import Fact, append
from tests.cli.home import CommandLine

MINUTE, HOUR, DAY = 60, 3_600, 86_400
NOW = FakeClock().now()


@contextmanager
def database(home: CommandLine) -> Iterator[Database]:
    with closing(Database(home.folder / "pillarbox.db")) as found:
        yield found


def write(
    home: CommandLine, at: int, event: str, account: int | None = None, **facts: Fact
) -> None:
    whose = None if account is None else AccountId(account)
    with database(home) as found:
        found.write(lambda rows: append(rows, at, event, whose, **facts))


def forge(home: CommandLine, *statements: str) -> None:
    """Do as somebody does who has the file and an SQLite of their own."""
    with closing(sqlite3.connect(home.folder / "pillarbox.db")) as connection:
        connection.execute("DROP TRIGGER audit_is_not_changed")
        connection.execute("DROP TRIGGER audit_is_not_cut")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def listed(home: CommandLine, *words: str) -> list[str]:
    """Return the events that are listed."""
    answer = home.json("audit", "list", *words)
    assert isinstance(answer, list)
    return [line["event"] for line in answer]


def verdict(home: CommandLine) -> tuple[int, dict[str, object]]:
    result = home.run("audit", "verify", "--json")
    return result.exit_code, json.loads(result.stdout)


def ours_with_lines(home: CommandLine) -> CommandLine:
    write(home, 10, "x.first", 1, device="phone", source="192.0.2.7")
    write(home, 20, "x.second", None, why="a b")
    return home


def test_an_audit_is_listed_with_the_newest_last(home: CommandLine) -> None:
    ours_with_lines(home)

    assert [
        "1970-01-01T00:00:10Z\t-\tx.first\tdevice phone, from 192.0.2.7",
        '1970-01-01T00:00:20Z\t-\tx.second\treason "a b"',
    ] == home.do("audit", "list").splitlines()


def test_facts_are_told_in_words_and_times_as_such(home: CommandLine) -> None:
    write(home, 10, "x", None, reach_days=3, expires_at="", **{"policy.quota_octets": 7})
    write(home, 11, "y", None, expires_at=int(NOW), window_since=10**18)
    write(home, 12, "z", None, as_new=1, removes_what_all_have=0, something_else=5)

    assert [
        'expires at "", policy.quota_octets 7, reach in days 3',
        "expires at 2027-01-15T08:00:00Z, shown since 1000000000000000000",
        "as new yes, removes what all have no, something else 5",
    ] == [line.split("\t")[3] for line in home.do("audit", "list").splitlines()]


def test_an_audit_is_listed_for_programs(ours: CommandLine) -> None:
    ours_with_lines(ours)
    answer = ours.json("audit", "list")

    assert isinstance(answer, list)
    *_, first, second = answer
    assert ["mrose", "x.first", {"device": "phone", "source": "192.0.2.7"}] == [
        first[name] for name in ("account", "event", "facts")
    ]
    assert [first["number"] + 1, "1970-01-01T00:00:20Z", None] == [
        second[name] for name in ("number", "at", "account")
    ]


def test_an_empty_audit_is_an_empty_list(home: CommandLine) -> None:
    assert [] == home.json("audit", "list")
    assert "" == home.do("audit", "list")


def test_an_account_has_its_own_lines_after_it_was_removed_too(ours: CommandLine) -> None:
    ours_with_lines(ours)
    ours.do("account", "remove", "mrose")

    found = listed(ours, "MRose")

    assert "x.first" in found
    assert "x.second" not in found
    assert "There has never been an account 'x y'." == ours.refuse("audit", "list", "x y")
    assert "There has never been an account 'nobody'." == ours.refuse("audit", "list", "nobody")


def test_only_what_is_new_enough_is_listed(home: CommandLine) -> None:
    ours_with_lines(home)

    assert ["x.second"] == listed(home, "--since", "1970-01-01T00:00:11")
    assert ["x.first", "x.second"] == listed(home, "--since", "1970-01-01")
    assert [] == listed(home, "--since", "7d")


def test_no_control_character_reaches_a_terminal(home: CommandLine) -> None:
    write(home, 1, "x", None, source="\x1b]0;owned\x07\x7f\x9b\u202e", mechanism="\r\n")
    forge(home, "INSERT INTO audit VALUES (2, 1, char(27) || '[2J', 7, char(27), zeroblob(32))")
    plain, by_program = home.do("audit", "list"), home.do("audit", "list", "--json")

    for text in (plain, by_program):
        assert all(each.isprintable() or each in "\n\t" for each in text)
        assert text.isascii()
    assert "\x7f" in json.loads(by_program)[0]["facts"]["source"]
    assert 2 == len(plain.splitlines())


def test_a_time_that_somebody_has_put_in_is_shown_as_it_is(home: CommandLine) -> None:
    write(home, 1, "x")
    forge(home, f"UPDATE audit SET at = {2**62}")

    assert f"{2**62}\t-\tx\t\n" == home.do("audit", "list")


def test_a_whole_audit_says_its_head(home: CommandLine) -> None:
    ours_with_lines(home)
    code, found = verdict(home)
    head = str(found["head"])

    assert f"2 lines, each as it was written. Head: {head}\n" == home.do("audit", "verify")
    assert "2 lines" in home.do("audit", "verify", "--expect", f"{head[:32].upper()} {head[32:]}")
    assert 0 == code
    assert {
        "whole": True,
        "expected": True,
        "lines": 2,
        "last_at": "1970-01-01T00:00:20Z",
        "head": head,
    } == found


def test_damage_is_told_with_the_last_whole_line(home: CommandLine) -> None:
    ours_with_lines(home)
    with database(home) as found:
        found.write(lambda rows: append(rows, 30, "x.third"))
    forge(home, "UPDATE audit SET facts = CAST(x'ff' AS TEXT) WHERE id = 2")

    said = home.refuse("audit", "verify")
    code, answer = verdict(home)

    assert said.startswith(
        "The audit is damaged. The last whole line is 1, of 1970-01-01T00:00:10Z; "
    )
    assert said.endswith(str(answer["head"]))
    assert (1, False, 1) == (code, answer["whole"], answer["lines"])
    assert ["x.first", "x.second", "x.third"] == listed(home)


def test_damage_of_the_first_line_is_told(home: CommandLine) -> None:
    ours_with_lines(home)
    forge(home, "DELETE FROM audit WHERE id = 1")

    assert "The last whole line is 0, of -;" in home.refuse("audit", "verify")


def test_a_chain_that_was_cut_is_found_by_the_head_that_was_noted(home: CommandLine) -> None:
    ours_with_lines(home)
    noted = str(verdict(home)[1]["head"])
    forge(home, "DELETE FROM audit WHERE id = 2")

    said = home.refuse("audit", "verify", "--expect", noted)
    result: Result = home.run("audit", "verify", "--expect", noted, "--json")

    assert said.startswith("The audit has 1 lines, and none of them has the hash")
    assert (1, True, False) == (
        result.exit_code,
        json.loads(result.stdout)["whole"],
        json.loads(result.stdout)["expected"],
    )
    assert "1 lines" in home.do("audit", "verify")


@pytest.mark.parametrize("text", ["", "ab", "g" * 64, "a" * 65])
def test_what_is_no_hash_is_refused(home: CommandLine, text: str) -> None:
    assert "takes the 64 digits" in home.refuse("audit", "verify", "--expect", text)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("7d", NOW - 7 * DAY),
        ("24h", NOW - 24 * HOUR),
        ("30m", NOW - 30 * MINUTE),
        ("0d", NOW),
        ("1970-01-02", DAY),
        ("1970-01-01T01:00", HOUR),
        ("1970-01-01 01:00:01", HOUR + 1),
        ("1970-01-01T01:00:00Z", HOUR),
        ("1970-01-01T01:00:00+01:00", 0),
    ],
)
def test_times_are_read(text: str, time: float) -> None:
    assert int(time) == read_time(text, NOW)


@pytest.mark.parametrize("text", ["", "x", "7", "7y", "999999d", "٧d", "2026-02-30", "-7d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(OperatorFault, match="is no time"):
        read_time(text, NOW)


@given(st.integers(-(10**10), 10**10))
def test_every_time_that_is_shown_is_read(seconds: int) -> None:
    assert seconds == read_time(shown_time(seconds), NOW)
