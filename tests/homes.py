"""Homes that our commands have made once a process, written anew for each test that wants one.

The real program makes them, so that nothing that a test has patched gets into one. Homes of one
name are alike, with their keys and certificates; those of two names have nothing in common.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.peers.program import run

ACCOUNT = "mrose"
PASSWORD = "correct horse"
OTHERS = ("COVERAGE", "CREDENTIALS_", "NOTIFY_", "OPENSSL", "PILLARBOX_")  # not for a first run
SECONDS = 120.0  # two commands, on a machine that does other things too
BLOBS = "blobs"  # each start makes its folders


@dataclass(frozen=True, slots=True)
class Entry:
    """A file with its octets, or a folder, which has none."""

    place: Path
    mode: int
    octets: bytes | None


def write_home(folder: Path, *, has_account: bool = True) -> Path:
    """Make a home as `init` does, by default with an account whose password is known."""
    for entry in _made(folder.name, has_account):
        path = folder / entry.place
        if entry.octets is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.write_bytes(entry.octets)
        path.chmod(entry.mode)
    return folder


@cache
def _made(name: str, has_account: bool) -> Sequence[Entry]:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, name)
        _do(folder, "init")
        if has_account:
            _do(folder, "account", "add", ACCOUNT, "--password-stdin", said=PASSWORD + "\n")
        paths = [folder, *sorted(folder.rglob("*"))]
        return [
            Entry(
                path.relative_to(folder),
                path.stat().st_mode & 0o777,
                None if path.is_dir() else path.read_bytes(),
            )
            for path in paths
            if path.parent.name != BLOBS
        ]


def _do(folder: Path, *words: str, said: str = "") -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
    command = [sys.executable, "-m", "pillarbox", "--home", str(folder), *words]
    done = run(command, env=kept, said=said.encode(), deadline=SECONDS)

    assert 0 == done.code, done.err.decode(errors="replace")
