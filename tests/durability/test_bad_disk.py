"""The disk says no, and the server says so: nothing is promised, nothing lost, and it lives on."""

from pathlib import Path

import pytest

from tests.durability.judge import (
    MROSE,
    OTHER,
    copy_home,
    delivery_faults,
    look,
    removal_faults,
    torn_blobs,
)
from tests.durability.rig import (
    MARKED,
    SENT,
    Told,
    build,
    remove_by_pop3,
    send_by_lmtp,
    serving,
    tampering,
)

TRACEABLE = build("one-disk-thread")
REFUSALS = [
    ("fsync", "EIO", {451}),
    ("fdatasync", "EIO", {451}),
    ("rename", "EIO", {451}),
    ("write", "ENOSPC", {452}),
    ("write", "EIO", {451}),
    ("pwrite64", "ENOSPC", {452}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "error", "codes"), REFUSALS)
def test_a_delivery_is_refused_for_now_and_the_server_lives_on(
    empty_home: Path, tmp_path: Path, syscall: str, error: str, codes: set[int]
) -> None:
    folder = copy_home(empty_home, tmp_path / "home")
    refused, taken = Told(), Told()
    with serving(folder, TRACEABLE) as server:
        with tampering(server, syscall, f"error={error}"):
            send_by_lmtp(server, refused)
        there = look(folder)
        send_by_lmtp(server, taken)
    after = look(folder)

    assert codes == set(refused.codes)
    assert 2 * len(SENT) == len(refused.codes)
    assert {MROSE: [], OTHER: []} == there
    assert [250] * 2 * len(SENT) == taken.codes
    assert [] == delivery_faults(after, taken.sent, taken.acknowledged) + torn_blobs(folder)


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "error"), [("fdatasync", "EIO"), ("pwrite64", "ENOSPC")])
def test_a_quit_is_refused_nothing_is_removed_and_the_server_lives_on(
    full_home: Path, tmp_path: Path, syscall: str, error: str
) -> None:
    folder = copy_home(full_home, tmp_path / "home")
    before = look(folder)[MROSE]
    marked = {before[number - 1].unique_id for number in MARKED}
    with serving(folder, TRACEABLE) as server:
        with tampering(server, syscall, f"error={error}"):
            refusal = remove_by_pop3(server)
        there = look(folder)[MROSE]
        answer = remove_by_pop3(server)

    assert refusal.startswith(b"-ERR")
    assert before == there
    assert answer.startswith(b"+OK")
    assert [] == removal_faults(before, look(folder)[MROSE], marked, is_promised=True)
