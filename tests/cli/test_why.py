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
