"""A takeover of unique-ids is killed at a call: all messages have new ones, or none has.

With them go what the devices have and the line of the audit, neither more nor less.
"""

import hashlib
import signal
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from pillarbox.app.home import Home
from pillarbox.db.sqlite import Database
from tests.durability.judge import MESSAGES, MROSE, copy_home
from tests.durability.rig import ROOT, SOUND, environment
from tests.peers.program import run
from tests.peers.strace import inject

MOST = 100  # calls of one kind; a command that makes more is not the one that was meant
STATE = """
    SELECT (SELECT count(*) FROM messages WHERE unique_id LIKE 'theirs-%'),
           (SELECT count(*) FROM unique_ids_taken_over),
           (SELECT count(DISTINCT message_id) FROM view_messages WHERE had_at IS NOT NULL),
           (SELECT count(*) FROM audit WHERE event = 'ledger.imported')
"""
OLD = (0, 0, 0, 0)
NEW = (len(MESSAGES), len(MESSAGES), len(MESSAGES), 1)


@dataclass(frozen=True, slots=True)
class Cut:
    """How a command ended, and what it left."""

    code: int
    state: tuple[int, ...]


def cut(home: Path, folder: Path, syscall: str, when: int) -> Cut:
    """Kill a takeover at a call, and look."""
    copy_home(home, folder)
    lines = [
        f"theirs-{number}\t{hashlib.sha256(octets).hexdigest()}"
        for number, octets in enumerate(MESSAGES)
    ]
    listed = folder.with_name(folder.name + ".tsv")
    listed.write_text("\n".join(["unique_id\tsha256", *lines]) + "\n", "ascii")
    words = [*SOUND, "--home", str(folder), "maildrop", "ledger", "import", MROSE, str(listed)]
    done = run(inject(words, syscall, when), env=environment(is_counted=True), cwd=ROOT)
    with closing(Database(Home(folder).database)) as database:
        database.check()
        with database.reading() as rows:
            state = rows.one(STATE)
    assert state is not None
    return Cut(done.code, state)


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "when"), [("pwrite64", 2), ("fdatasync", 1)])
def test_a_takeover_killed_at_a_call_leaves_old_unique_ids_or_new_ones(
    full_home: Path, tmp_path: Path, syscall: str, when: int
) -> None:
    done = cut(full_home, tmp_path / "home", syscall, when)

    assert -signal.SIGKILL == done.code
    assert done.state in (OLD, NEW)


@pytest.mark.interop
@pytest.mark.parametrize("syscall", ["fdatasync", "pwrite64"])
def test_a_takeover_survives_being_killed_at_any_call(
    full_home: Path, tmp_path: Path, syscall: str
) -> None:
    cuts = []
    for when in range(1, MOST):
        cuts.append(cut(full_home, tmp_path / str(when), syscall, when))
        if cuts[-1].code == 0:
            break

    assert NEW == cuts[-1].state
    assert {OLD, NEW} == {each.state for each in cuts}
    assert {-signal.SIGKILL} == {each.code for each in cuts[:-1]}
