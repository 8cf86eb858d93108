"""The program is killed at a call of a session; strace does it, so that no code takes part."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.durability.rig import (
    SOUND,
    Cut,
    build,
    cut_deliver,
    cut_lmtp,
    cut_quit,
    cut_shared_quit,
    serving,
)

Cutter = Callable[[Path, Path, list[str], str, int], Cut]

TRACEABLE = build("one-disk-thread")
MOST = 500  # calls of one kind; a session that makes more is not the one that was meant
LMTP_SAMPLE = [("fsync", 1), ("rename", 2), ("pwrite64", 7)]
DELIVER_SAMPLE = [("fsync", 4)]
BETWEEN_COMMITS = (6, 7)  # of the build that makes one of each removal
QUIT_SAMPLE = [("pwrite64", 2), ("fdatasync", 1)]


def all_cuts(cut: Cutter, home: Path, folder: Path, program: list[str], syscall: str) -> list[Cut]:
    """Cut at the first call, the second and so on, until there is none to cut at."""
    cuts = []
    for when in range(1, MOST):
        done = cut(home, folder / str(when), program, syscall, when)
        cuts.append(done)
        if not done.is_reached:
            break
    return cuts


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "when"), LMTP_SAMPLE)
def test_a_delivery_killed_at_a_call_keeps_what_it_acknowledged(
    empty_home: Path, tmp_path: Path, syscall: str, when: int
) -> None:
    cut = cut_lmtp(empty_home, tmp_path / "home", TRACEABLE, syscall, when)

    assert Cut(is_reached=True, faults=[]) == cut


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "when"), DELIVER_SAMPLE)
def test_the_deliver_command_killed_at_a_call_leaves_nothing_torn(
    empty_home: Path, tmp_path: Path, syscall: str, when: int
) -> None:
    cut = cut_deliver(empty_home, tmp_path / "home", SOUND, syscall, when)

    assert Cut(is_reached=True, faults=[]) == cut


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "when"), QUIT_SAMPLE)
def test_a_quit_killed_at_a_call_removes_all_that_was_marked_or_none(
    full_home: Path, tmp_path: Path, syscall: str, when: int
) -> None:
    cut = cut_quit(full_home, tmp_path / "home", TRACEABLE, syscall, when)

    assert Cut(is_reached=True, faults=[]) == cut
    with serving(tmp_path / "home", SOUND) as server:
        assert server.process.code is None


@pytest.mark.interop
@pytest.mark.parametrize(
    ("syscall", "least"), [("fsync", 6), ("fdatasync", 3), ("rename", 3), ("pwrite64", 6)]
)
def test_a_delivery_survives_being_killed_at_any_call(
    empty_home: Path, tmp_path: Path, syscall: str, least: int
) -> None:
    cuts = all_cuts(cut_lmtp, empty_home, tmp_path, TRACEABLE, syscall)

    assert [] == [cut.faults for cut in cuts if cut.faults]
    assert len(cuts) > least


@pytest.mark.interop
@pytest.mark.parametrize(
    ("syscall", "least"), [("fsync", 10), ("fdatasync", 5), ("rename", 5), ("pwrite64", 10)]
)
def test_the_deliver_command_survives_being_killed_at_any_call(
    empty_home: Path, tmp_path: Path, syscall: str, least: int
) -> None:
    cuts = all_cuts(cut_deliver, empty_home, tmp_path, SOUND, syscall)

    assert [] == [cut.faults for cut in cuts if cut.faults]
    assert len(cuts) > least


@pytest.mark.interop
@pytest.mark.parametrize(("syscall", "least"), [("fdatasync", 1), ("pwrite64", 2)])
def test_a_quit_survives_being_killed_at_any_call(
    full_home: Path, tmp_path: Path, syscall: str, least: int
) -> None:
    cuts = all_cuts(cut_quit, full_home, tmp_path, TRACEABLE, syscall)

    assert [] == [cut.faults for cut in cuts if cut.faults]
    assert len(cuts) > least


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "when"), QUIT_SAMPLE[:1])
def test_a_quit_in_one_of_two_views_killed_at_a_call_is_done_as_a_whole_or_not(
    shared_home: Path, tmp_path: Path, syscall: str, when: int
) -> None:
    cut = cut_shared_quit(shared_home, tmp_path / "home", TRACEABLE, syscall, when)

    assert Cut(is_reached=True, faults=[]) == cut


@pytest.mark.interop
@pytest.mark.parametrize(("syscall", "least"), [("fdatasync", 1), ("pwrite64", 2)])
def test_a_quit_in_one_of_two_views_survives_being_killed_at_any_call(
    shared_home: Path, tmp_path: Path, syscall: str, least: int
) -> None:
    cuts = all_cuts(cut_shared_quit, shared_home, tmp_path, TRACEABLE, syscall)

    assert [] == [cut.faults for cut in cuts if cut.faults]
    assert len(cuts) > least


@pytest.mark.slow
def test_a_build_without_the_transaction_is_caught_at_some_call(
    full_home: Path, tmp_path: Path
) -> None:
    broken = build("one-disk-thread", "apart")
    cuts = [
        cut_quit(full_home, tmp_path / str(when), broken, "fdatasync", when)
        for when in BETWEEN_COMMITS
    ]

    assert {fault for cut in cuts for fault in cut.faults} & {
        "1 of 3 marked messages are gone",
        "2 of 3 marked messages are gone",
    }


@pytest.mark.interop
def test_a_build_without_the_transaction_is_caught(full_home: Path, tmp_path: Path) -> None:
    broken = build("one-disk-thread", "apart")
    cuts = all_cuts(cut_quit, full_home, tmp_path, broken, "fdatasync")
    faults = {fault for cut in cuts for fault in cut.faults}

    assert {"1 of 3 marked messages are gone", "2 of 3 marked messages are gone"} == faults
