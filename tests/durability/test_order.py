"""What is promised is on the disk before the promise goes out: a loss of power takes nothing.

Killing a program cannot show this, as the kernel keeps what was not synced; the order of its calls
does. A build that leaves one sync out must be caught.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from pillarbox.wire.lmtp.replies import DELIVERED
from tests.durability.judge import copy_home
from tests.durability.rig import (
    SENT,
    SOUND,
    Serving,
    Told,
    build,
    existing,
    finish,
    remove_by_pop3,
    send_by_lmtp,
    serving,
)
from tests.peers import strace
from tests.peers.durability import Acknowledges, Rule, Violation, reply_to_quit, says, violations

BROKEN = [
    ("no-fsync", {Rule.FILE}),
    ("no-folder-fsync", {Rule.RENAMED, Rule.FOLDER}),
    pytest.param("synchronous-off", {Rule.WAL, Rule.CREATED}, marks=pytest.mark.interop),
]


def watch(
    home: Path,
    folder: Path,
    program: list[str],
    session: Callable[[Serving], None],
    promise: Acknowledges,
) -> list[Violation]:
    """Watch a server from its start through one session, and judge it."""
    copy_home(home, folder)
    trace = folder.with_name("trace")
    before = existing(folder)
    with serving(folder, program, lambda words: strace.watch(words, trace)) as server:
        session(server)
        finish(server)
    return violations(strace.read(trace), str(folder.resolve()), promise, existing=before)


def deliver(server: Serving) -> None:
    told = Told()
    send_by_lmtp(server, told)

    assert [250] * 2 * len(SENT) == told.codes


def remove(server: Serving) -> None:
    assert remove_by_pop3(server).startswith(b"+OK")


@pytest.mark.slow
def test_a_delivery_is_durable_before_it_is_acknowledged(empty_home: Path, tmp_path: Path) -> None:
    found = watch(empty_home, tmp_path / "home", SOUND, deliver, says(DELIVERED))

    assert [] == [str(each) for each in found]


@pytest.mark.slow
def test_a_removal_is_durable_before_quit_is_answered(full_home: Path, tmp_path: Path) -> None:
    found = watch(full_home, tmp_path / "home", SOUND, remove, reply_to_quit)

    assert [] == [str(each) for each in found]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rules"), BROKEN)
def test_a_delivery_of_a_broken_build_is_caught(
    empty_home: Path, tmp_path: Path, name: str, rules: set[Rule]
) -> None:
    found = watch(empty_home, tmp_path / "home", build(name), deliver, says(DELIVERED))

    assert rules == {each.rule for each in found}, [str(each) for each in found]


@pytest.mark.slow
def test_a_removal_of_a_build_without_synchronous_commits_is_caught(
    full_home: Path, tmp_path: Path
) -> None:
    program = build("synchronous-off")
    found = watch(full_home, tmp_path / "home", program, remove, reply_to_quit)

    assert Rule.WAL in {each.rule for each in found}, [str(each) for each in found]
