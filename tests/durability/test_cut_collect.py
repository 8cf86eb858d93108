"""A collection with deletes is killed at every call on which durability rests, and then goes on."""

import sys
from pathlib import Path

import pytest

from tests.durability.rig import ROOT, environment
from tests.peers.program import run

SLOWEST = 1_800.0  # seconds, for 500 collections on a machine that does other things too
SAMPLE = 67  # every so many calls
LEAST = 500  # calls of a collection of 32 messages, or the points are not where they should be


def cut(kind: str, folder: Path, step: int) -> tuple[list[str], int]:
    """Give what is wrong, and the first number of a call that was not reached."""
    words = [sys.executable, "-m", "tests.durability.cut_collect", kind, str(folder), "1"]
    done = run([*words, str(step)], env=environment(is_counted=True), cwd=ROOT, deadline=SLOWEST)

    assert 0 == done.code, done.err.decode(errors="replace")

    *faults, last = done.out.decode("ascii").splitlines()
    return faults, int(last)


@pytest.mark.slow
def test_a_collection_killed_at_some_calls_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    faults, last = cut("sound", tmp_path / "cut", SAMPLE)

    assert [] == faults
    assert last > LEAST


@pytest.mark.interop
def test_a_collection_killed_at_any_call_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    faults, last = cut("sound", tmp_path / "cut", 1)

    assert [] == faults
    assert last > LEAST


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        pytest.param("losing", "is lost", marks=pytest.mark.interop),
        ("doubling", "is doubled"),
    ],
)
def test_a_build_that_writes_the_ledger_apart_is_caught(
    tmp_path: Path, kind: str, fault: str
) -> None:
    faults, _last = cut(kind, tmp_path / "cut", SAMPLE // 2)

    assert [each for each in faults if each.endswith(fault)]
