"""Rules and limits of the configuration, with our own server as the remote."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.collector.outcome import Outcome
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving, open_office

SPAM = b"Subject: =?utf-8?B?44K744O844Or?=\r\n\r\nbuy\r\n"  # セール, a sale
HAM = b"Subject: ham\r\n\r\neat\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"x" * 100_000 + b"\r\n"
RULES = """
[[collect.rule]]
name = "no adverts"
remote = "there"
header = { Subject = "ｾｰﾙ" }
action = "skip"

[[collect.rule]]
name = "large"
larger_than = 50_000
account = "large"
tags = ["large"]
"""
pytestmark = pytest.mark.slow


@pytest.fixture
def filled(office: PostOffice, tmp_path: Path) -> Iterator[Serving]:
    """Serve the messages from another home."""
    sources = tmp_path / "sources"
    sources.mkdir()
    for number, message in enumerate([SPAM, HAM, LARGE]):
        (sources / f"{number}.eml").write_bytes(message)
    office.do("deliver", ACCOUNT, sources)
    with office.serving() as serving:
        yield serving


@pytest.fixture
def ours(filled: Serving, tmp_path: Path) -> PostOffice:
    """Give the home that is collected into."""
    ours = open_office(tmp_path / "ours")
    ours.add_remote("there", filled.secure)
    return ours


def configure(office: PostOffice, text: str) -> None:
    path = office.folder / "pillarbox.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def exported(office: PostOffice, account: str, to: Path) -> set[bytes]:
    office.do("archive", "export", "--format", "eml", "--to", to, "--account", account)
    return {path.read_bytes() for path in to.iterdir()}


def test_rules_skip_and_send_to_another_account(ours: PostOffice, tmp_path: Path) -> None:
    ours.add_account("large")
    configure(ours, RULES)

    (result,) = json.loads(ours.attempt("collect", "--json").out)

    assert 2 == result["collected"]
    assert {HAM} == exported(ours, ACCOUNT, tmp_path / "own")
    assert {LARGE} == exported(ours, "large", tmp_path / "large")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (RULES, b"account 'large'"),
        (RULES.replace('"there"', '"elsewhere"'), b"no remote 'elsewhere'"),
    ],
)
def test_a_rule_that_names_what_there_is_not_is_told_and_nothing_is_fetched(
    text: str, why: bytes, ours: PostOffice, tmp_path: Path
) -> None:
    configure(ours, text)

    done = ours.attempt("collect")

    assert Outcome.CONFIGURATION == done.code
    assert why in done.err
    assert set() == exported(ours, ACCOUNT, tmp_path / "own")


def test_limits_let_the_oldest_come_first(ours: PostOffice, tmp_path: Path) -> None:
    path = ours.folder / "pillarbox.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("messages_per_session = 0", "messages_per_session = 2"), "utf-8")

    ours.do("collect")
    first = exported(ours, ACCOUNT, tmp_path / "first")
    ours.do("collect")

    assert {SPAM, HAM} == first
    assert {SPAM, HAM, LARGE} == exported(ours, ACCOUNT, tmp_path / "second")


def test_a_dry_run_says_which_rule_does_what_and_fetches_nothing(
    ours: PostOffice, tmp_path: Path
) -> None:
    ours.add_account("large")
    configure(ours, RULES)

    steps = json.loads(ours.attempt("collect", "--dry-run", "--json").out)

    assert [("skip", "no adverts"), ("fetch", None), ("fetch", "large")] == [
        (step["step"], step["detail"]) for step in steps
    ]
    assert set() == exported(ours, ACCOUNT, tmp_path / "own")


def test_the_rest_of_a_message_is_fetched_when_it_is_asked_for(
    ours: PostOffice, tmp_path: Path
) -> None:
    rule = RULES.replace('account = "large"', 'action = "headers"')
    configure(ours, rule)
    ours.do("collect")
    before = exported(ours, ACCOUNT, tmp_path / "before")
    steps = json.loads(ours.attempt("collect", "--dry-run", "--json").out)
    (large,) = (step["unique_id"] for step in steps if step["reason"] == "header only")

    unknown = ours.attempt("collect", "there", "--rest", "unknown")
    asked = ours.attempt("collect", "--rest", large, "there", "there")
    after = exported(ours, ACCOUNT, tmp_path / "after")

    assert {HAM} == before
    assert Outcome.CONFIGURATION == unknown.code
    assert Outcome.MAIL == asked.code
    assert {HAM, LARGE} == after
