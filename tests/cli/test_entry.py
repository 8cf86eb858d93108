"""The program's entry: what OpenSSL reads is said before anything can make it read."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from pillarbox import __main__ as entry
from pillarbox.cli.main import cli
from pillarbox.net import openssl

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_program_is_what_python_runs_by_the_packages_name() -> None:
    scripts = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["scripts"]

    assert {"pillarbox": "pillarbox.__main__:main"} == scripts


@pytest.mark.slow
def test_to_import_the_entry_loads_no_openssl() -> None:
    code = "import sys, pillarbox.__main__; print(*{'_ssl', '_hashlib'} & sys.modules.keys())"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, check=True)

    assert b"\n" == done.stdout


def test_programs_that_it_starts_inherit_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENSSL_CONF", raising=False)
    openssl.limit_groups()

    assert "OPENSSL_CONF" not in os.environ
    assert openssl.CONFIGURATION.is_file()


@pytest.mark.parametrize(
    ("words", "own", "expected"),
    [
        (["serve"], None, True),
        (["up"], None, True),
        (["--home", "/nowhere", "serve"], None, True),
        (["--home=/nowhere", "--", "serve"], None, True),
        (["serve"], "/etc/ssl/own.cnf", False),
        (["collect"], None, False),
        (["collect", "serve"], None, False),  # a remote of that name
        (["account", "show", "up"], None, False),
        (["--home", "up", "collect"], None, False),
        (["--home", "up"], None, False),
        (["--home"], None, False),
        ([], None, False),
    ],
)
def test_it_limits_the_groups_of_what_serves_unless_the_administrator_says(
    words: list[str], own: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[bool] = []
    monkeypatch.setattr(entry, "limit_groups", lambda: called.append(True))
    monkeypatch.setattr(sys, "argv", ["pillarbox", *words, "--help"])
    monkeypatch.delenv("OPENSSL_CONF", raising=False)
    if own is not None:
        monkeypatch.setenv("OPENSSL_CONF", own)

    with pytest.raises(SystemExit):
        entry.main()
    assert expected == bool(called)


def test_it_knows_which_options_before_the_command_have_a_value() -> None:
    valued = {
        name
        for option in cli.params
        if isinstance(option, click.Option) and not option.is_flag
        for name in option.opts
    }

    assert {entry.WITH_VALUE} == valued
