"""`pillarbox remote why`, and what `collect --dry-run` prints."""

import sqlite3
from contextlib import closing

import pytest

from pillarbox.cli.collect.steps import print_steps, step_fields
from pillarbox.client.listing import Listed
from pillarbox.collector.plan import Fetch, Peek, Reason, Remove, Skip
from pillarbox.collector.rules import Decision
from tests.cli.home import CommandLine


@pytest.fixture
def known(ours: CommandLine) -> CommandLine:
    ours.add_remote("there", "--delete-after-days", "3")
    ours.deliver(b"Subject: one\r\n\r\n")
    with closing(sqlite3.connect(ours.folder / "pillarbox.db")) as rows, rows:
        rows.execute(
            "INSERT INTO ledger (remote_id, unique_id, state, message_id, collected_at, octets)"
            " VALUES (1, 'aaa', 'kept', 1, 4000000000, 100)"
        )
        rows.execute(
            "INSERT INTO ledger (remote_id, unique_id, state, collected_at, rule)"
            " VALUES (1, 'bbb', 'skipped', 0, 'spam')"
        )
        rows.execute(
            "INSERT INTO ledger (remote_id, unique_id, state, collected_at, rule, header)"
            " VALUES (1, 'ccc', 'headers', 0, 'large', ?)",
            [b"From: Mary Rose <mrose@example.org>\r\nSubject: A film\r\n\r\n"],
        )
    return ours


def change(ours: CommandLine, *statements: str) -> None:
    with closing(sqlite3.connect(ours.folder / "pillarbox.db")) as rows, rows:
        for statement in statements:
            rows.execute(statement)


@pytest.mark.parametrize("name", ["aaa", "1"])
def test_a_message_is_explained_by_either_name(known: CommandLine, name: str) -> None:
    found = known.json("remote", "why", "there", name)

    assert isinstance(found, list)
    (fields,) = found
    assert ("aaa", True, "too young") == (
        fields["unique_id"],
        fields["is_on_server"],
        fields["reason"],
    )
    assert str(fields["due_at"]).startswith("2096-10-05")


def test_people_are_told_in_a_sentence(known: CommandLine) -> None:
    answer = known.do("remote", "why", "there", "bbb")

    assert "A rule passes it over" in answer
    assert "spam" in answer


def test_a_header_that_is_all_there_is_says_what_the_message_is(known: CommandLine) -> None:
    found = known.json("remote", "why", "there", "ccc")

    assert isinstance(found, list)
    (fields,) = found
    assert ("headers", "A film", None) == (fields["state"], fields["subject"], fields["date"])
    assert "mrose@example.org" in str(fields["from"])
    assert "subject" not in known.do("remote", "why", "there", "bbb")


def test_what_is_there_and_not_stored_whole_is_listed(known: CommandLine) -> None:
    change(
        known,
        "INSERT INTO ledger (remote_id, unique_id, state, collected_at, vanished_at)"
        " VALUES (1, 'gone', 'headers', 0, 1)",
        "INSERT INTO ledger (remote_id, unique_id, state, collected_at) VALUES (1, 's', 'seen', 0)",
        "INSERT INTO stuck (remote_id, name, octets, why, times, since, tried_at)"
        " VALUES (1, 'ddd', 7, 'cut', 2, 1, 2)",
    )

    found = known.json("remote", "why", "there")

    assert isinstance(found, list)
    assert [("bbb", "by rule"), ("ccc", "header only"), ("ddd", "stuck")] == [
        (fields["unique_id"], fields["reason"]) for fields in found
    ]
    assert ["A film"] == [fields["subject"] for fields in found if "subject" in fields]


def test_people_see_of_each_who_wrote_it_and_why_it_is_not_here(known: CommandLine) -> None:
    skipped, header = known.do("remote", "why", "there").splitlines()

    assert skipped.startswith("bbb\t\t\t\tA rule passes it over")
    assert header.startswith(
        "ccc\t\tMary Rose <mrose@example.org>\tA film\tA rule takes its header"
    )


def test_where_all_is_stored_nothing_is_listed(ours: CommandLine) -> None:
    ours.add_remote()

    assert "" == ours.do("remote", "why", "there")
    assert [] == ours.json("remote", "why", "there")


def test_a_message_that_is_stuck_and_that_the_ledger_lacks_is_explained(known: CommandLine) -> None:
    change(
        known,
        "INSERT INTO stuck (remote_id, name, octets, why, times, since, tried_at)"
        " VALUES (1, 'ddd', 7, 'cut', 2, 1, 2)",
    )

    assert "The connection ended in it." in known.do("remote", "why", "there", "ddd")


@pytest.mark.parametrize("name", ["unknown", "7", "9" * 30])
def test_what_no_session_listed_is_not_explained(known: CommandLine, name: str) -> None:
    assert known.refuse("remote", "why", "there", name).startswith("Nothing is known of")


LISTED = Listed(1, 100, "aaa")


def test_the_steps_of_a_rehearsal_are_printed_with_their_reasons(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_steps(
        "there",
        [
            Skip(LISTED, Reason.BY_RULE, "spam"),
            Peek(LISTED, Reason.FOR_RULE),
            Fetch(Listed(2, 5, None), Reason.UNNAMED),
            Remove(LISTED, Reason.DUE),
        ],
    )

    printed = capsys.readouterr().out
    assert ["there:", "leave", "look", "fetch", "remove", "(spam)"] == [
        word for word in ("there:", "leave", "look", "fetch", "remove", "(spam)") if word in printed
    ]


def test_a_step_is_told_to_programs_with_what_was_decided() -> None:
    fetch = Fetch(LISTED, Reason.NEW, Decision(rule="tagged", tags=("t",), account="other"))

    assert {
        "step": "fetch",
        "number": 1,
        "unique_id": "aaa",
        "octets": 100,
        "reason": "new",
        "detail": "tagged",
        "tags": ["t"],
        "set_aside": None,
        "account": "other",
    } == step_fields(fetch)
    assert "remove" == step_fields(Remove(LISTED, Reason.DUE))["step"]
