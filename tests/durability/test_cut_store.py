"""The store is ended, or refused, at every call on which durability rests; no strace is needed."""

import sys
from pathlib import Path

import pytest

from pillarbox.app.home import Home
from tests.durability.judge import (
    MESSAGES,
    MROSE,
    OTHER,
    Letter,
    asked,
    delivery_faults,
    look,
    missing_blobs,
    removal_faults,
    torn_blobs,
)
from tests.durability.rig import MARKED, ROOT, environment, write_files
from tests.durability.shared import records, shared_faults
from tests.peers.program import run

SLOWEST = 120.0  # seconds, for a hundred homes on a machine that does other things too
SOME = 5  # every so many calls, in `make test`


def sampled(*cases: tuple[str, int]) -> pytest.MarkDecorator:
    """Give each way to cut with how many cuts it makes at least: at some calls, and at all."""
    some = [pytest.param(how, least // SOME, SOME, id=f"{how}-some") for how, least in cases]
    every = [
        pytest.param(how, least, 1, id=f"{how}-all", marks=pytest.mark.interop)
        for how, least in cases
    ]
    return pytest.mark.parametrize(("how", "least", "step"), some + every)


def cut_everywhere(how: str, script: str, home: Path, folder: Path, step: int = 1) -> list[Path]:
    """Give the homes, each cut at another call, the last one not at all."""
    folder.mkdir()
    words = [sys.executable, "-m", "tests.durability.cut_store", how, script, home, folder, step]
    done = run(
        [str(word) for word in words], env=environment(is_counted=True), cwd=ROOT, deadline=SLOWEST
    )

    assert 0 == done.code, done.err.decode(errors="replace")

    return [folder / str(when) for when in range(1, int(done.out) + 1, step)]


def acknowledged(folder: Path) -> list[str]:
    return (folder / "acknowledged").read_text("ascii").splitlines()


def letters(folder: Path) -> list[Letter]:
    words = [line.split() for line in acknowledged(folder)]
    return [Letter(account, MESSAGES[int(number)]) for account, number in words]


def leftovers(folder: Path) -> list[str]:
    return [f"{path} is left" for path in (Home(folder).blobs / "incoming").iterdir()]


def faults_of_quits(home: Path, folders: list[Path]) -> list[str]:
    before = look(home)[MROSE]
    marked = {before[number - 1].unique_id for number in MARKED}
    return [
        f"{folder.name}: {fault}"
        for folder in folders
        for fault in removal_faults(
            before, look(folder)[MROSE], marked, is_promised="quit" in acknowledged(folder)
        )
    ]


@pytest.mark.slow
@sampled(("kill", 50), ("raise", 20))
def test_a_delivery_to_two_survives_at_every_call(
    empty_home: Path, tmp_path: Path, how: str, least: int, step: int
) -> None:
    folders = cut_everywhere(how, "lmtp", empty_home, tmp_path / "cut", step)
    sent = [Letter(account, octets) for account in (MROSE, OTHER) for octets in MESSAGES[:3]]
    faults = [
        f"{folder.name}: {fault}"
        for folder in folders
        for fault in (
            *delivery_faults(look(folder), sent, letters(folder)),
            *torn_blobs(folder),
            *(leftovers(folder) if how == "raise" else []),
        )
    ]

    assert [] == faults
    assert len(folders) > least
    assert set(sent) == set(letters(folders[-1]))


@pytest.mark.slow
@sampled(("kill", 50), ("raise", 30))
def test_a_delivery_of_files_survives_at_every_call(
    empty_home: Path, tmp_path: Path, how: str, least: int, step: int
) -> None:
    write_files(empty_home.with_name(empty_home.name + "-files"))
    folders = cut_everywhere(how, "deliver", empty_home, tmp_path / "cut", step)
    sent = [Letter(MROSE, octets) for octets in MESSAGES]
    faults = [
        f"{folder.name}: {fault}"
        for folder in folders
        for fault in (
            *delivery_faults(look(folder), sent, letters(folder)),
            *torn_blobs(folder),
            *(leftovers(folder) if how == "raise" else []),
        )
    ]

    assert [] == faults
    assert len(folders) > least
    assert sent == letters(folders[-1])


@pytest.mark.slow
@pytest.mark.parametrize(("how", "least"), [("kill", 7), ("raise", 1)])
def test_a_quit_removes_all_that_was_marked_or_none_at_every_call(
    full_home: Path, tmp_path: Path, how: str, least: int
) -> None:
    folders = cut_everywhere(how, "quit", full_home, tmp_path / "cut")

    assert [] == faults_of_quits(full_home, folders)
    assert len(folders) > least
    assert ["quit"] == acknowledged(folders[-1])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "raise"])
def test_a_quit_without_the_transaction_is_caught(
    full_home: Path, tmp_path: Path, how: str
) -> None:
    folders = cut_everywhere(how, "quit-apart", full_home, tmp_path / "cut")
    faults = " ".join(faults_of_quits(full_home, folders))

    assert "1 of 3 marked messages are gone" in faults
    assert "2 of 3 marked messages are gone" in faults


RESTORED = "SELECT 1 FROM audit WHERE event = 'messages.restored'"


@pytest.mark.slow
@pytest.mark.parametrize(("how", "least"), [("kill", 10), ("raise", 1)])
def test_an_undo_brings_all_back_or_none_at_every_call(
    full_home: Path, removed_home: Path, tmp_path: Path, how: str, least: int
) -> None:
    folders = cut_everywhere(how, "undo", removed_home, tmp_path / "cut")
    new, old = look(full_home)[MROSE], look(removed_home)[MROSE]
    states = {
        (len(look(folder)[MROSE]), len(asked(folder, RESTORED)), *acknowledged(folder))
        for folder in folders
    }
    faults = [fault for folder in folders for fault in missing_blobs(folder) + torn_blobs(folder)]

    assert [] == faults
    assert [] == [folder for folder in folders if look(folder)[MROSE] not in (old, new)]
    # What was done and not yet said is found only by an end between the two.
    assert {(2, 0), (5, 1, "undone")} <= states <= {(2, 0), (5, 1), (5, 1, "undone")}
    assert len(folders) > least


def purge_faults(home: Path, folders: list[Path]) -> list[str]:
    before = look(home)
    faults = []
    for folder in folders:
        removed = asked(folder, "SELECT 1 FROM messages WHERE state = 'removed'")
        if len(removed) not in (0, len(MARKED)):
            faults.append(f"{len(removed)} of {len(MARKED)} are left")
        if before != look(folder):
            faults.append("a maildrop is not what it was")
        faults += missing_blobs(folder) + torn_blobs(folder)
    return faults


@pytest.mark.slow
@sampled(("kill", 20), ("raise", 5))
def test_a_purge_leaves_every_message_its_octets_at_every_call(
    removed_home: Path, tmp_path: Path, how: str, least: int, step: int
) -> None:
    folders = cut_everywhere(how, "purge", removed_home, tmp_path / "cut", step)
    last = folders[-1]

    assert [] == purge_faults(removed_home, folders)
    assert len(folders) > least
    assert ["purged"] == acknowledged(last)
    assert [] == asked(last, "SELECT 1 FROM messages WHERE state = 'removed'")
    assert len(list(Home(last).blobs.glob("??/*"))) == len(asked(last, "SELECT 1 FROM blobs"))


@pytest.mark.slow
def test_a_purge_without_its_order_is_caught(removed_home: Path, tmp_path: Path) -> None:
    folders = cut_everywhere("kill", "purge-hastily", removed_home, tmp_path / "cut")

    assert any("missing" in fault for fault in purge_faults(removed_home, folders))


def faults_of_shared_quits(home: Path, folders: list[Path]) -> list[str]:
    before = records(home)
    return [
        f"{folder.name}: {fault}"
        for folder in folders
        for fault in shared_faults(
            before, records(folder), is_promised="quit" in acknowledged(folder)
        )
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("how", "least"), [("kill", 20), ("raise", 1)])
def test_a_quit_in_one_of_two_views_is_done_as_a_whole_or_not_at_any_call(
    shared_home: Path, tmp_path: Path, how: str, least: int
) -> None:
    folders = cut_everywhere(how, "quit-shared", shared_home, tmp_path / "cut")

    assert [] == faults_of_shared_quits(shared_home, folders)
    assert len(folders) > least
    assert ["quit"] == acknowledged(folders[-1])
    assert 5 == records(folders[-1]).known


@pytest.mark.slow
def test_a_quit_in_one_of_two_views_without_the_transaction_is_caught(
    shared_home: Path, tmp_path: Path
) -> None:
    folders = cut_everywhere("kill", "quit-shared-apart", shared_home, tmp_path / "cut", SOME)

    assert "1 of 3 marked messages are gone" in " ".join(
        faults_of_shared_quits(shared_home, folders)
    )
