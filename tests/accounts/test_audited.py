"""Every change to passwords, remotes and keys is told in the audit, with no secret in it."""

import json
from pathlib import Path

import pytest

from tests.cli.home import PASSWORD, CommandLine
from tests.homes import write_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return CommandLine(write_home(tmp_path / "home"))


def told(home: CommandLine) -> list[tuple[object, ...]]:
    """Return account, event and facts of each line but those of the account's own making."""
    answer = home.json("audit", "list")
    assert isinstance(answer, list)
    assert "whole" in home.do("audit", "verify", "--json")
    lines = [(line["account"], line["event"], line["facts"]) for line in answer]
    return [line for line in lines if not str(line[1]).startswith("account.")]


def test_a_new_password_is_told(home: CommandLine) -> None:
    home.do("account", "password", "mrose", "--password-stdin", said="another horse\n")

    assert [("mrose", "password.changed", {})] == told(home)
    assert "horse" not in json.dumps(told(home))
    assert PASSWORD not in json.dumps(told(home))


def test_a_remote_is_told_when_it_comes_and_when_it_goes(home: CommandLine) -> None:
    home.add_remote("there", "--delete-after-days", "3")
    home.do("remote", "remove", "there")

    assert [
        (
            "mrose",
            "remote.added",
            {
                "remote": "there",
                "server": "localhost:1",
                "user": "rosemary",
                "tls": "implicit",
                "delete_after_days": 3,
            },
        ),
        ("mrose", "remote.removed", {"remote": "there"}),
    ] == told(home)


def test_a_rotated_key_is_told_by_its_name(home: CommandLine) -> None:
    home.do("key", "rotate")
    key = (home.folder / "keys" / "master").read_text("ascii").split()[0]

    assert [
        (None, "secrets.resealed", {"count": 1, "key": key}),
        (None, "key.rotated", {"key": key}),
    ] == told(home)


def test_a_refused_change_leaves_no_line(home: CommandLine) -> None:
    home.refuse("remote", "remove", "there")
    home.refuse("account", "password", "nobody", "--password-stdin", said="x\n")

    assert [] == told(home)
