"""Killed anywhere in a change, the audit is whole, and has its line exactly when it is done."""

import sys
from contextlib import closing
from pathlib import Path

import pytest

from pillarbox.app.home import Home
from pillarbox.db.sqlite import Database
from pillarbox.journal.audit import Audit
from tests.durability.judge import MROSE, copy_home
from tests.durability.rig import PASSWORD, ROOT, command, environment
from tests.peers.program import run

SLOWEST = 120.0  # seconds, on a machine that does other things too
DONE = {
    "device.revoked": "SELECT count(*) FROM devices WHERE revoked_at IS NOT NULL",
    "remote.removed": "SELECT 1 - count(*) FROM remotes",
}


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    folder = copy_home(empty_home, tmp_path / "home")
    command(folder, "device", "add", MROSE, "phone")
    command(
        folder,
        *("remote", "add", "there", "--server", "localhost:1", "--user", "rosemary"),
        *("--account", MROSE, "--password-stdin"),
        said=PASSWORD + "\n",
    )
    return folder


def cut_everywhere(script: str, home: Path, folder: Path) -> list[Path]:
    """Give the homes, each killed at another statement, the last one not at all."""
    folder.mkdir()
    words = [sys.executable, "-m", "tests.durability.cut_audit", script, str(home), str(folder)]
    done = run(words, env=environment(is_counted=True), cwd=ROOT, deadline=SLOWEST)

    assert 0 == done.code, done.err.decode(errors="replace")

    return [folder / str(when) for when in range(1, int(done.out) + 1)]


def found(folder: Path, event: str) -> tuple[bool, int, int]:
    """Return whether the chain is whole, how often the change is told, and how often it is done."""
    with closing(Database(Home(folder).database)) as database:
        audit = Audit(database)
        told = [line.event for line, _ in audit.lines()].count(event)
        with database.reading() as rows:
            (done,) = rows.one(DONE[event]) or (0,)
        return audit.verify().is_whole, told, done


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "event"),
    [
        ("revoke", "device.revoked"),
        pytest.param("remove", "remote.removed", marks=pytest.mark.interop),
    ],
)
def test_a_change_that_is_killed_anywhere_is_told_exactly_when_it_is_done(
    home: Path, tmp_path: Path, script: str, event: str
) -> None:
    states = [found(folder, event) for folder in cut_everywhere(script, home, tmp_path / "cut")]

    assert {(True, 0, 0), (True, 1, 1)} == set(states)
    assert (True, 1, 1) == states[-1]


@pytest.mark.slow
def test_a_build_that_tells_a_change_in_another_transaction_is_caught(
    home: Path, tmp_path: Path
) -> None:
    folders = cut_everywhere("revoke-apart", home, tmp_path / "cut")

    assert (True, 0, 1) in {found(folder, "device.revoked") for folder in folders}
