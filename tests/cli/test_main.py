"""`pillarbox` itself: its commands, its home, and what is wrong with one."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.progress import BarColumn

from pillarbox import __version__
from pillarbox.cli import main, options
from pillarbox.cli.display import progress_display
from pillarbox.cli.main import COMMANDS, cli
from tests.cli.home import CommandLine

ANY_ACCOUNT = ("account", "list")


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return every command that does something, as it is typed."""
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [leaf for name, each in found if each for leaf in leaves(each, (*path, name))]


def test_every_command_has_help_for_itself_and_each_option() -> None:
    for words in leaves(cli):
        result = CliRunner().invoke(cli, [*words, "--help"])
        described = result.stdout.partition("Options:\n")[2]

        assert 0 == result.exit_code, words
        assert result.stdout.startswith(f"Usage: cli {' '.join(words)}"), words
        assert "\n  --" in f"\n{described}", words
    assert {words[0] for words in leaves(cli)} == set(COMMANDS)


def test_the_version_is_said() -> None:
    result = CliRunner().invoke(cli, ["--version"])

    assert f"pillarbox, version {__version__}\n" == result.stdout


def test_an_unknown_command_is_refused() -> None:
    result = CliRunner().invoke(cli, ["telegraph"])

    assert (2, "") == (result.exit_code, result.stdout)
    assert "telegraph" in result.stderr


def test_a_program_that_is_no_command_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "Path", "pathlib")

    assert 2 == CliRunner().invoke(cli, ["Path"]).exit_code


def test_the_home_may_be_named_by_the_environment(ours: CommandLine) -> None:
    env = {"PILLARBOX_HOME": str(ours.folder)}
    result = CliRunner().invoke(cli, ANY_ACCOUNT, env=env)

    assert result.stdout.startswith("mrose\tenabled\t")


def test_the_home_is_in_the_users_own_unless_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert 0 == CliRunner().invoke(cli, ["init"]).exit_code
    assert (tmp_path / "pillarbox" / "pillarbox.toml").exists()


def test_the_program_ends_with_the_commands_exit_code(
    ours: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pillarbox", "--home", str(ours.folder), "account", "list"])
    with pytest.raises(SystemExit) as ended:
        main.main()

    assert 0 == ended.value.code
    assert capsys.readouterr().out.startswith("mrose\t")


@pytest.mark.slow
def test_the_module_runs_as_a_program(ours: CommandLine) -> None:
    command = [sys.executable, "-m", "pillarbox", "--home", str(ours.folder), "account", "list"]
    done = subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))

    assert done.stdout.startswith(b"mrose\t")


@pytest.mark.parametrize(
    "words",
    [
        ("serve",),
        ("account", "list"),
        ("deliver", "mrose", "x.eml"),
        ("maildrop", "list", "mrose"),
        ("remote", "list"),
        ("archive", "list"),
        ("key", "rotate"),
    ],
)
def test_a_home_that_is_not_there_is_said_and_not_made(
    empty: CommandLine, words: tuple[str, ...]
) -> None:
    said = empty.refuse(*words)

    path = empty.folder / "pillarbox.toml"
    assert f'There is no {path}. Run "pillarbox init", or name another home with --home.' == said
    assert not empty.folder.exists()


def test_a_second_init_changes_nothing(home: CommandLine) -> None:
    before = {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}

    assert f"There is a home in {home.folder} already." == home.refuse("init")
    assert before == {path: path.read_bytes() for path in home.folder.rglob("*") if path.is_file()}


def test_an_init_where_no_folder_can_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert str(tmp_path / "file") in CommandLine(tmp_path / "file" / "home").refuse("init")


BAD = {
    "an unknown key": ("workers = 1", "wrokers = 1", "unknown field `wrokers`"),
    "an unknown key in a table": ("[auth]", "[auth]\nallow = 1", "`$.auth`"),
    "a wrong type": ("workers = 1", 'workers = "1"', "$.workers"),
    "a wrong type in a list": ('["127.0.0.1:1110"]', "[1110]", "$.listen.pop3[0]"),
    "no worker": ("workers = 1", "workers = 0", "$.workers"),
    "a negative number": ("connections = 10000", "connections = -1", "$.limits.connections"),
    "no TOML": ("workers = 1", "workers 1", "line"),
    "two workers": ("workers = 1", "workers = 2", "workers is not built yet"),
    "no proxy": ("pop3s_proxied = []", 'pop3s_proxied = ["[::]:1"]', "proxy.trusted is empty"),
    "a proxy's name": ("trusted = []", 'trusted = ["lb1"]', "proxy.trusted: 'lb1' does not"),
    "no network": ("trusted = []", 'trusted = ["::1/8"]', "::1/8 has host bits set"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_configuration_that_does_not_hold_is_not_served(home: CommandLine, case: str) -> None:
    old, new, why = BAD[case]
    home.configure(old, new)

    for command in ("serve", "up"):
        said = home.refuse(command)

        assert said.startswith(f"{home.folder / 'pillarbox.toml'}: ")
        assert why in said
        assert not said.endswith("..")


def test_a_configuration_that_is_not_utf_8_is_said(home: CommandLine) -> None:
    (home.folder / "pillarbox.toml").write_bytes(b'hostname = "\xff"\n')

    assert str(home.folder / "pillarbox.toml") in home.refuse("serve")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tls/server.pem", "tls/absent.pem"),
        ("tls/server.key", "tls/ca.pem"),
    ],
)
def test_a_bad_certificate_is_not_served(home: CommandLine, old: str, new: str) -> None:
    home.configure(old, new)

    assert "cannot be used as a TLS certificate and its key" in home.refuse("serve")


def test_an_address_that_is_none_is_not_served(home: CommandLine) -> None:
    home.configure("127.0.0.1:1110", "here")

    assert "here is not host:port." == home.refuse("serve")


def test_a_lost_database_is_not_made_anew_while_there_is_mail(ours: CommandLine) -> None:
    ours.deliver(b"Subject: a\r\n\r\n")
    database = ours.folder / "pillarbox.db"
    for path in ours.folder.glob("pillarbox.db*"):
        path.unlink()

    for words in (ANY_ACCOUNT, ("serve",), ("up",)):
        assert f"{database} is missing, though there is mail." in ours.refuse(*words)
    assert not database.exists()


def test_a_lost_database_without_mail_is_made_anew(ours: CommandLine) -> None:
    for path in ours.folder.glob("pillarbox.db*"):
        path.unlink()

    assert [] == ours.json("account", "list")


def test_a_garbled_database_is_said_and_kept(ours: CommandLine) -> None:
    database = ours.folder / "pillarbox.db"
    garbage = b"garbage " * 1000
    database.write_bytes(garbage)

    for words in (ANY_ACCOUNT, ("serve",)):
        assert "Restore it from a backup" in ours.refuse(*words)
    assert garbage == database.read_bytes()


def test_a_database_whose_pages_are_garbled_is_not_served(ours: CommandLine) -> None:
    database = ours.folder / "pillarbox.db"
    octets = bytearray(database.read_bytes())
    page = int.from_bytes(octets[16:18], "big")
    octets[2 * page :] = b"\xff" * (len(octets) - 2 * page)
    database.write_bytes(octets)

    assert str(database) in ours.refuse("serve")


class Terminal:
    """Says that somebody looks."""

    def isatty(self) -> bool:
        return True


def test_a_table_has_columns_where_somebody_looks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys.stdout, "isatty", Terminal().isatty)

    options.print_table(("Name", "State"), [("[mrose]", "enabled")])

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [["Name", "State"], ["[mrose]", "enabled"]] == lines


def test_progress_says_nothing_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_display(BarColumn()) as progress:
        progress.add_task("x", total=1)

    assert ("", "") == tuple(capsys.readouterr())
