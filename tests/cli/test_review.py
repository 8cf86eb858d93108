"""`pillarbox account review`."""

import shlex

import click

from pillarbox.accounts.review import MENDS, Kind
from pillarbox.cli.main import cli
from pillarbox.cli.review import WORDS
from tests.cli.home import CommandLine


def test_findings_are_listed_with_the_command_that_mends_each(ours: CommandLine) -> None:
    ours.do("device", "add", "mrose", "phone", "--legacy-digest")

    assert [
        "mrose\t\tno second factor\tpillarbox account second-factor add mrose",
        (
            "mrose\t\tPOP3 takes the main password, though there are devices"
            "\tpillarbox account edit mrose --main-password refuse"
        ),
        (
            "mrose\tphone\tits password is kept so that it can be read back"
            "\tpillarbox device password mrose phone"
        ),
    ] == ours.do("account", "review").splitlines()


def test_programs_get_every_field(ours: CommandLine) -> None:
    assert [
        {
            "kind": "no-second-factor",
            "account": "mrose",
            "device": None,
            "remote": None,
            "days": None,
            "left": None,
            "command": "pillarbox account second-factor add mrose",
        }
    ] == ours.json("account", "review", "mrose")


def test_where_nothing_is_found_nothing_is_said(home: CommandLine) -> None:
    assert "" == home.do("account", "review")


def test_the_command_mends_it(ours: CommandLine) -> None:
    ours.add_remote("there", "--tls", "none", "--allow-password-without-tls")
    ours.do("account", "disable", "mrose")

    (found,) = ours.do("account", "review").splitlines()
    ours.do(*found.split("\t")[3].split()[1:])

    assert "mrose\t\tdisabled, and the remote there still collects into it" in found
    assert "" == ours.do("account", "review")


def test_an_unknown_account_is_named(home: CommandLine) -> None:
    assert "There is no account 'nobody'" in home.refuse("account", "review", "nobody")


def test_every_kind_is_said_in_words() -> None:
    assert set(Kind) == set(WORDS)


def test_every_command_is_one_of_ours() -> None:
    for text in MENDS.values():
        for line in text.format(account="a", device="d", remote="r").split(" && "):
            assert isinstance(command_of(shlex.split(line)[1:]), click.Command)


def command_of(words: list[str]) -> click.Command:
    """Return the command that these words call; raises click's error where it takes them not."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None
        command = found
    command.make_context(command.name, words, resilient_parsing=False)
    return command
