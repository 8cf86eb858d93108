"""Tokens that several processes renew at once, and a renewal that is killed anywhere.

The authorization server takes each refresh token once.
"""

import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from pillarbox.accounts.oauth.faults import NotAuthorisedFault
from pillarbox.accounts.oauth.grant import Client, Grant, read_grant, write_grant
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.secret import Secret
from pillarbox.journal.alerts import Alerts
from tests.durability.judge import MROSE, copy_home
from tests.durability.rig import ROOT, command, environment
from tests.peers.authorization_server import CLIENT_ID, SCOPE, Issued, State, authorizing
from tests.peers.program import Process, run

SLOWEST = 120.0  # seconds, on a machine that does other things too
AT_ONCE = 4
pytestmark = pytest.mark.slow


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    folder = copy_home(empty_home, tmp_path / "home")
    command(
        folder,
        *("remote", "add", "there", "--server", "localhost:1", "--user", "rosemary"),
        *("--account", MROSE, "--auth", "XOAUTH2"),
    )
    return folder


@pytest.fixture
def there() -> Iterator[State]:
    with authorizing() as state:
        yield state


def authorise(home: Path, there: State, refresh_token: str) -> None:
    """Give the remote tokens that have run out."""
    client = Client(CLIENT_ID, f"{there.url}/token", SCOPE, "XOAUTH2")
    grant = Grant(client, Secret(b"old"), 1, Secret(refresh_token.encode()))
    there.issued.append(Issued("old", refresh_token, SCOPE, 1))
    with opened(Home(home)) as system:
        system.remotes.keep_secret(system.remotes.show("there"), write_grant(grant))


class After(NamedTuple):
    """What a kill has left behind; `works` where whoever comes next has a token that is good."""

    is_spent: bool  # the old refresh token, at the server
    kept: str  # which refresh token lies in the home
    works: bool
    alerts: int


def after(home: Path, there: State, old: str) -> After:
    is_spent = any(each.refresh_token == old and each.is_used for each in there.issued)
    names = {old: "old", str(there.issued[-1].refresh_token): "new" if is_spent else "old"}
    with opened(Home(home)) as system:
        remote = system.remotes.show("there")
        grant = read_grant(system.remotes.password(remote))
        assert grant is not None
        assert grant.refresh_token is not None
        kept = names[grant.refresh_token.reveal().decode()]
        try:
            works = there.active(system.grants.token(remote).reveal().decode())
        except NotAuthorisedFault:
            works = False
        return After(is_spent, kept, works, len(list(Alerts(system.database, system.clock).list())))


@pytest.mark.parametrize(
    "step", [pytest.param(4, id="some"), pytest.param(1, id="all", marks=pytest.mark.interop)]
)
def test_a_renewal_that_is_killed_anywhere_leaves_one_token_or_the_other(
    home: Path, there: State, tmp_path: Path, step: int
) -> None:
    found: list[After] = []
    for when in count(1, step):
        copy, old = copy_home(home, tmp_path / str(when)), f"refresh-{when}"
        authorise(copy, there, old)
        words = [sys.executable, "-m", "tests.durability.cut_renewal", str(when), str(copy)]
        done = run(words, env=environment(is_counted=True), cwd=ROOT, deadline=SLOWEST)
        found.append(after(copy, there, old))
        if done.code == 0:
            break
        assert -signal.SIGKILL == done.code, done.err.decode(errors="replace")

    unspent = After(is_spent=False, kept="old", works=True, alerts=0)
    renewed = After(is_spent=True, kept="new", works=True, alerts=0)
    # Killed between the server's answer and the commit: nobody can have it back, and somebody is
    # told, once.
    lost = After(is_spent=True, kept="old", works=False, alerts=1)
    assert {unspent, renewed} <= set(found) <= {unspent, lost, renewed}
    assert lost in found or step > 1
    assert renewed == found[-1]
    # That it can be kept was tried before the token was spent.
    assert Counter(found)[unspent] > 4 // step


def test_processes_that_renew_at_once_spend_no_token_twice(
    home: Path, there: State, tmp_path: Path
) -> None:
    there.expires_in = 60  # within the margin: each process renews
    authorise(home, there, "first")
    words = [sys.executable, "-m", "tests.durability.cut_renewal", "0", str(home)]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                Process(words, env=environment(is_counted=True), output=tmp_path / f"{n}.log")
            )
            for n in range(AT_ONCE)
        ]
        codes = [process.wait() for process in running]

    assert [0] * AT_ONCE == codes
    assert ["refresh_token"] * AT_ONCE == there.grants
    assert [True] * AT_ONCE + [False] == [each.is_used for each in there.issued]
    assert After(is_spent=True, kept="new", works=True, alerts=0) == after(home, there, "first")
