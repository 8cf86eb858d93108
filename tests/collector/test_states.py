"""What lasts of how it went with a remote, and a run that goes on after a cut."""

import asyncio
from dataclasses import replace

from pillarbox.archive.remote_states import RemoteState, RemoteStates, Stale
from pillarbox.base.names import RemoteId
from pillarbox.client.connect import connect
from pillarbox.client.connection import Connection
from pillarbox.client.server import Server
from pillarbox.collector.collect import Collector
from pillarbox.collector.intake import Keepers
from pillarbox.collector.manners import Learned
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.collector.progress import Silent
from pillarbox.journal.alerts import Alerts
from tests.archive.home import ACCOUNT, REMOTE, Home
from tests.client.fake_server import FakeServer
from tests.collector.rig import SOURCE, mail

STATE = RemoteState(1, 2, 3, 4, 5, "mail", 6, 7, 8, 9, 10, 11, 12)
STALE = Stale(REMOTE, "first", ACCOUNT, 0, "socket")


def run_on(home: Home, *fakes: FakeServer) -> tuple[Result, Learned]:
    """Collect from servers that take each other's place at each connection."""
    waiting = list(fakes)

    async def connected(server: Server) -> Connection:
        return await connect(server, waiting.pop(0).dial)

    async def bounded() -> tuple[Result, Learned]:
        keepers = Keepers(home.archive)
        leases = home.folder / "run" / "collect"
        collector = Collector(keepers, home.ledger, leases, home.clock, connected)
        try:
            return await collector.run(SOURCE, Silent())
        finally:
            keepers.close()

    return asyncio.run(bounded())


def test_a_state_lasts(home: Home) -> None:
    states = RemoteStates(home.database)

    states.change(REMOTE, lambda _: STATE)

    assert STATE == states.of(REMOTE)
    assert {REMOTE: STATE} == states.all()
    assert RemoteState() == states.of(RemoteId(2))


def test_a_remote_that_is_gone_has_no_state(home: Home) -> None:
    states = RemoteStates(home.database)

    states.change(RemoteId(99), lambda _: STATE)

    assert {} == states.all()


def test_somebody_is_told_once_a_day_until_a_success(home: Home) -> None:
    states = RemoteStates(home.database)
    day = 86_400

    told = [bool(states.tell_stale([STALE], now)) for now in (day, 2 * day - 1, 2 * day)]
    states.change(REMOTE, lambda state: replace(state, succeeded_at=3 * day))
    told.append(bool(states.tell_stale([STALE], 9 * day)))

    assert [True, False, True, False] == told
    assert 2 == len(list(Alerts(home.database, home.clock).list()))


def test_a_run_goes_on_after_a_cut_and_brings_the_rest(home: Home) -> None:
    messages = mail(200)

    result, learned = run_on(home, FakeServer(messages, cut_after=6000), FakeServer(messages))

    assert (Outcome.MAIL, 200, 0) == (result.outcome, result.collected, result.known)
    assert (1, None) == (learned.resumed, result.fault)


def test_a_run_that_brings_nothing_before_the_cut_ends(home: Home) -> None:
    result, learned = run_on(home, FakeServer(mail(1), cut_after=10))

    assert (Outcome.SOCKET, 0) == (result.outcome, learned.resumed)
