"""A database that cannot be written keeps nobody from their mail, and forgets nothing of it later.

Who came in from here before comes in; strangers, whose guesses could not be counted, do not.
"""

import poplib
import sqlite3
from pathlib import Path

import pytest

from pillarbox.app.home import Home
from tests.durability.judge import MROSE, copy_home, look
from tests.durability.rig import PASSWORD, Serving, build, serving, tampering
from tests.peers.program import DEADLINE, LOOPBACK

TRACEABLE = build("one-disk-thread")
FAULTS = [("fdatasync", "EIO"), ("pwrite64", "ENOSPC")]
ACCEPTED = "SELECT count(*) FROM audit WHERE event = 'sign-in.accepted'"


def connect(server: Serving) -> poplib.POP3:
    """Return a client that has read the greeting."""
    client = poplib.POP3(LOOPBACK, server.pop3, timeout=DEADLINE)
    client.user(MROSE)
    return client


def login(server: Serving) -> poplib.POP3:
    """Come in from where the account is known from."""
    client = connect(server)
    client.pass_(PASSWORD)
    return client


def read(server: Serving) -> list[bytes]:
    """Read the first message and what else there is, and leave with QUIT."""
    client = login(server)
    found = [*client.retr(1)[1], *client.uidl()[1]]
    client.quit()
    return found


def refusal(server: Serving, password: str) -> str:
    """Return what a login is told that is not let in."""
    client = connect(server)
    with pytest.raises(poplib.error_proto) as refused:
        client.pass_(password)
    client.close()
    return str(refused.value)


def sign_ins(folder: Path) -> int:
    """Return how many lines the audit has of somebody who came in."""
    rows = sqlite3.connect(Home(folder).database)
    found: tuple[int] = rows.execute(ACCEPTED).fetchone()
    rows.close()
    return found[0]


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "error"), FAULTS)
def test_who_is_known_reads_their_mail_and_the_journal_says_what_the_audit_cannot(
    full_home: Path, tmp_path: Path, syscall: str, error: str
) -> None:
    folder = copy_home(full_home, tmp_path / "home")
    with serving(folder, TRACEABLE) as server:
        sound = read(server)
        with tampering(server, syscall, f"error={error}"):
            found = [read(server) for _ in range(3)]
            wrong = refusal(server, "wrong")
        meanwhile = sign_ins(folder)
        login(server).quit()
        said = server.process.output.read_text("utf-8")

    assert [sound] * 3 == found
    assert "[AUTH]" in wrong
    assert 3 == said.count(" sign-in.unnoted ")
    assert [1, 2] == [meanwhile, sign_ins(folder)]


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "error"), FAULTS)
def test_strangers_are_not_tried_until_there_is_room(
    full_home: Path, tmp_path: Path, syscall: str, error: str
) -> None:
    folder = copy_home(full_home, tmp_path / "home")
    with serving(folder, TRACEABLE) as server:
        with tampering(server, syscall, f"error={error}"):
            refusals = [refusal(server, password) for password in (PASSWORD, "wrong")]
        login(server).quit()

    assert ["-ERR [SYS/TEMP] Try again later."] * 2 == [each.strip("b'") for each in refusals]


@pytest.mark.slow
@pytest.mark.parametrize(("syscall", "error"), FAULTS)
def test_a_quit_with_marks_is_refused_and_removes_nothing(
    full_home: Path, tmp_path: Path, syscall: str, error: str
) -> None:
    folder = copy_home(full_home, tmp_path / "home")
    before = look(folder)[MROSE]
    with serving(folder, TRACEABLE) as server:
        login(server).quit()
        with tampering(server, syscall, f"error={error}"):
            client = login(server)
            client.dele(1)
            with pytest.raises(poplib.error_proto, match="The removal failed"):
                client.quit()
            client.close()
        there = look(folder)[MROSE]
        client = login(server)
        client.dele(1)
        client.quit()

    assert before == there
    assert before[1:] == look(folder)[MROSE]
