"""Proof that the gates bite: an offence put into a copy of the code makes the layers check fail."""

import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "pillarbox"
CONTRACTS = ROOT / ".importlinter"
PURE = {"base", "message", "sasl", "wire"}
BLOCKING = {"accounts", "archive", "db", "journal", "store"}

OFFENCES = {
    "upwards": ("base/offence.py", "import pillarbox.wire.lines", "Imports point down"),
    "sibling": ("wire/offence.py", "import pillarbox.net", "Imports point down"),
    "unlisted room": ("utils/__init__.py", "", "pillarbox.utils"),
    "pure": ("wire/offence.py", "import time", "Pure rooms"),
    "pure, by name": ("message/offence.py", "from os import path", "Pure rooms"),
    "blocking": ("store/offence.py", "import asyncio", "Blocking rooms"),
    "socket": ("server/offence.py", "import ssl", "Only net"),
    "database": ("store/offence.py", "import sqlite3", "Only db"),
    "configuration": ("db/offence.py", "import tomllib", "Only app/config"),
    "cycle": ("wire/lines.py", "import pillarbox.wire.pop3.grammar", "No cycles"),
}


def lint(copy: Path) -> subprocess.CompletedProcess[str]:
    script = "import sys; from importlinter.cli import lint_imports_command as c; c()"
    return subprocess.run(
        [sys.executable, "-c", script, "--config", str(CONTRACTS), "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "locale")
    shutil.copytree(PACKAGE, tmp_path / "pillarbox", ignore=ignored)
    return tmp_path


@pytest.mark.slow
def test_the_layers_check_accepts_the_code_as_it_is(copy: Path) -> None:
    done = lint(copy)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("offence", OFFENCES)
def test_the_layers_check_refuses_an_offence(copy: Path, offence: str) -> None:
    file, line, word = OFFENCES[offence]
    path = copy / "pillarbox" / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as code:
        code.write(f"\n{line}\n")

    done = lint(copy)
    complaint = done.stdout.partition("Broken contracts")[2]

    assert done.returncode == 1, done.stdout + done.stderr
    assert word in complaint


def existing_rooms() -> set[str]:
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def rooms_of(contract: str, key: str) -> list[str]:
    config = ConfigParser()
    config.read(CONTRACTS)
    return config[f"importlinter:contract:{contract}"][key].replace("|", " ").split()


def test_only_a_room_that_is_not_built_stands_in_brackets() -> None:
    bracketed = {room.strip("()") for room in rooms_of("floors", "layers") if room[0] == "("}

    assert set() == bracketed & existing_rooms()


@pytest.mark.parametrize(("contract", "colour"), [("pure", PURE), ("blocking", BLOCKING)])
def test_every_room_that_exists_is_under_the_contract_of_its_colour(
    contract: str, colour: set[str]
) -> None:
    expected = {f"pillarbox.{room}" for room in existing_rooms() & colour}
    named = set(rooms_of(contract, "source_modules"))

    assert expected == {name for name in named if name.count(".") == 1}


def test_every_module_that_calls_itself_pure_is_held_to_it() -> None:
    named = set(rooms_of("pure", "source_modules"))
    claiming = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in PACKAGE.rglob("[!_]*.py")
        if "Pure." in path.read_text("utf-8").partition('"""')[2].partition('"""')[0]
    }
    held = {name for name in claiming if any(f"{name}.".startswith(f"{one}.") for one in named)}

    assert claiming == held


def test_no_module_at_any_depth_is_a_drawer_for_everything() -> None:
    refused = {"utils", "util", "common", "helpers", "helper", "misc"}

    assert [path for path in PACKAGE.rglob("*") if path.stem in refused] == []
