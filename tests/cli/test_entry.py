"""The program's entry: what OpenSSL reads is said before anything can make it read."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pillarbox import __main__ as entry

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
    entry.limit_groups()

    assert "OPENSSL_CONF" not in os.environ
    assert entry.CONFIGURATION.is_file()


@pytest.mark.parametrize(
    ("command", "own", "expected"),
    [
        ("serve", None, True),
        ("up", None, True),
        ("serve", "/etc/ssl/own.cnf", False),
        ("collect", None, False),
    ],
)
def test_it_limits_the_groups_of_what_serves_unless_the_administrator_says(
    command: str, own: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[bool] = []
    monkeypatch.setattr(entry, "limit_groups", lambda: called.append(True))
    monkeypatch.setattr(sys, "argv", ["pillarbox", command, "--help"])
    monkeypatch.delenv("OPENSSL_CONF", raising=False)
    if own is not None:
        monkeypatch.setenv("OPENSSL_CONF", own)

    with pytest.raises(SystemExit):
        entry.main()
    assert expected == bool(called)
