"""Many remotes over time: who waits for whom, what changes meanwhile, what fails and goes on."""

import asyncio
import gc
import io
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, pairwise
from pathlib import Path

import pytest

from pillarbox.accounts.remote_settings import Schedule
from pillarbox.app.collect_journal import Noted
from pillarbox.app.collecting import Collecting, Pace
from pillarbox.app.settings import Collect, CollectRule
from pillarbox.app.watcher import Ended
from pillarbox.archive.remote_states import RemoteState, RemoteStates
from pillarbox.base.names import RemoteId
from pillarbox.collector.manners import PIPELINING_REST_SECONDS, StoppedFault
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.journal.alerts import Alerts
from pillarbox.journal.journal import Journal
from pillarbox.net.stream import Stream
from tests.app.collecting_rig import BROKEN, LONGEST, Gated, Rig, open_rig, until
from tests.client.fake_server import CAPABILITIES, FakeServer, Session
from tests.collector.rig import mail

Make = Callable[..., Rig]
DAY = 86_400


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Give a home whose network has these servers, by host."""
    with ExitStack() as stack:
        yield lambda **servers: stack.enter_context(open_rig(tmp_path / "home", servers))


def outcomes(rig: Rig) -> list[Outcome]:
    return [ended.result.outcome for ended in rig.heard.results]


def test_so_many_sessions_at_a_server_as_it_may_bear_and_the_others_wait(make: Make) -> None:
    server = Gated(mail(1), is_shut=True)
    rig = make(one=server)
    for number in range(5):
        rig.add(f"r{number}", "one")

    async def work() -> None:
        async with rig.watching():
            await until(lambda: server.connections == 2)
            server.gate.set()
            await until(lambda: len(rig.heard.results) == 5)

    asyncio.run(work())

    assert (5, 2) == (server.connections, server.most_at_once)
    assert [Outcome.MAIL] + 4 * [Outcome.NONE] == sorted(outcomes(rig))
    assert 5 == len({ended.remote.name for ended in rig.heard.results})


def test_twenty_servers_are_collected_from_side_by_side(make: Make) -> None:
    servers = {f"s{number}": Gated(mail(2), is_shut=True) for number in range(20)}
    rig = make(**servers)
    for host in servers:
        rig.add(host, host)

    async def work() -> None:
        async with rig.watching():
            await until(lambda: all(server.connections for server in servers.values()))
            for server in servers.values():
                server.gate.set()
            await until(lambda: len(rig.heard.results) == 20)

    asyncio.run(work())

    assert 20 == len(rig.heard.results)
    assert 2 == rig.collected()


def test_what_ends_while_its_state_is_read_does_not_begin_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Gated(mail(1), is_shut=True)
    rig = make(one=server)
    rig.add("one", "one")
    ended, looked = threading.Event(), list[int]()
    rig.heard.on_ended = ended.set

    class Behind(RemoteStates):
        def all(self) -> dict[RemoteId, RemoteState]:
            found = super().all()
            if server.connections:
                looked.append(server.connections)
                ended.wait(LONGEST)
            return found

    monkeypatch.setattr("pillarbox.app.collecting.RemoteStates", Behind)
    monkeypatch.setattr(Collecting, "_find_stale", lambda _: [])  # which reads them too

    async def work() -> None:
        async with rig.watching():
            await until(lambda: len(looked) > 0)
            server.gate.set()
            await until(lambda: len(looked) > 200)

    asyncio.run(work())

    assert ["one"] == rig.heard.begun


def test_a_server_that_never_answers_holds_up_nobody_else(make: Make) -> None:
    servers: dict[str, FakeServer] = {f"s{number}": FakeServer(mail(1)) for number in range(10)}
    rig = make(never=FakeServer(greeting=b""), **servers)
    for host in rig.servers:
        rig.add(host, host)

    async def work() -> None:
        async with rig.watching():
            await until(lambda: len(rig.heard.results) == 10)

    asyncio.run(work())

    assert "never" == rig.heard.results.pop().remote.name  # when it was stopped
    assert 10 == len(rig.heard.results)


def test_whoever_waits_when_all_is_stopped_does_not_begin(make: Make) -> None:
    server = Gated(mail(1), is_shut=True)
    rig = make(one=server)
    for number in range(5):
        rig.add(f"r{number}", "one")

    async def work() -> None:
        async with rig.watching():
            await until(lambda: server.connections == 2)

    asyncio.run(work())

    assert 2 == server.connections
    assert 5 == sum(isinstance(ended.result.fault, StoppedFault) for ended in rig.heard.results)
    assert {0} == {ended.state.failures for ended in rig.heard.results}


def test_what_is_paused_removed_or_edited_while_it_waits_is_taken_as_it_is_then(make: Make) -> None:
    server = Gated(mail(1), is_shut=True)
    rig = make(one=server)
    for name in ("a", "b", "edited", "paused", "removed"):
        rig.add(name, "one")

    async def work() -> None:
        async with rig.watching():
            await until(lambda: server.connections == 2)
            await asyncio.to_thread(rig.system.remotes.pause, "paused")
            await asyncio.to_thread(rig.system.remotes.remove, "removed")
            await asyncio.to_thread(
                rig.system.remotes.edit,
                "edited",
                lambda known: type(known)(known.account, "one", 110, "changed", known.tls),
            )
            server.gate.set()
            await until(lambda: len(rig.heard.results) == 3)

    asyncio.run(work())

    assert {"a", "b", "edited"} == set(rig.heard.begun)
    users = {each.remote.name: each.remote.settings.user for each in rig.heard.results}
    assert "changed" == users["edited"]


def test_a_mistake_of_ours_with_one_remote_is_said_and_not_made_again_at_once(make: Make) -> None:
    rig = make(good=FakeServer(mail(1)))
    for name in ("good", BROKEN):
        rig.add(name, name)
    said: list[str] = []
    rig.heard.on_ended = partial(rig.clock.advance, 601)

    async def work() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: said.append(str(context["exception"])))
        async with rig.watching():
            await until(lambda: rig.dialled.count("good") == 4)

    asyncio.run(work())

    assert 1 == rig.dialled.count(BROKEN)
    assert ["a mistake of ours"] == said


def test_a_clock_that_is_put_back_lets_nobody_rest_for_years(make: Make) -> None:
    rig = make()
    rig.add(BROKEN, BROKEN)

    async def work() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        async with rig.watching():
            await until(lambda: len(rig.dialled) == 1)
            rig.clock.advance(-365 * DAY)
            await until(lambda: len(rig.dialled) == 2)

    asyncio.run(work())

    assert [BROKEN, BROKEN] == rig.dialled


def test_who_says_stop_again_means_at_once(make: Make) -> None:
    server = Gated(is_shut=True)
    rig = make(one=server)
    rig.add("one", "one")
    rig.pace = Pace(look=0.001, drain=LONGEST)

    async def work() -> None:
        async with rig.watching() as collecting:
            await until(lambda: server.connections == 1)
            collecting.stop()

    asyncio.run(work())

    assert [StoppedFault] == [type(ended.result.fault) for ended in rig.heard.results]


def test_another_interval_counts_from_the_next_look_on(make: Make) -> None:
    rig = make(one=FakeServer())
    rig.add("one", "one", cron="0 0 29 2 *")
    rig.once()

    async def work() -> None:
        async with rig.watching():
            rig.system.remotes.edit("one", lambda known: replace(known, schedule=Schedule(60)))
            rig.clock.advance(60)
            await until(lambda: len(rig.heard.results) == 2)

    asyncio.run(work())

    assert [Outcome.NONE, Outcome.NONE] == outcomes(rig)


def test_those_who_failed_together_do_not_come_back_together(make: Make) -> None:
    rig = make(one=FakeServer(greeting=b"-ERR [SYS/TEMP] later\r\n"))
    for number in range(16):
        rig.add(f"r{number}", "one")

    rests = [ended.state.next_at - rig.clock.now() for ended in rig.once()]

    assert len(set(rests)) > 3
    assert min(rests) >= 59
    assert max(rests) <= 90


class Liar(Session):
    """Hangs up where two commands come in a row, though it says that it can do that."""

    async def hear(self) -> None:
        octets = await self.stream.read()
        lines = octets.split(b"\r\n")[:-1]
        self.is_over = len(lines) != 1
        self.server.most_lines_at_once = max(self.server.most_lines_at_once, len(lines))
        for line in lines[:1]:
            await self.answer(line)


@dataclass
class LyingServer(FakeServer):
    """A server that says PIPELINING and cannot do it."""

    connections: int = 0

    def session(self, stream: Stream) -> Liar:
        self.connections += 1
        return Liar(self, stream)


def test_a_lie_about_pipelining_costs_one_connection_a_month(make: Make) -> None:
    server = LyingServer(mail(3))
    rig = make(liar=server)
    rig.add("liar", "liar")
    seen = []

    for rest in (0, 3_600, PIPELINING_REST_SECONDS):
        rig.clock.advance(rest)
        server.connections = server.most_lines_at_once = 0
        rig.once()
        seen.append((server.connections, server.most_lines_at_once))

    assert [(2, 2), (1, 1), (2, 2)] == seen
    assert [Outcome.MAIL, Outcome.NONE, Outcome.NONE] == outcomes(rig)
    assert 3 == rig.collected()


def test_who_may_not_pipeline_is_asked_for_its_login_delay_all_the_same(make: Make) -> None:
    server = LyingServer(mail(1), (*CAPABILITIES, "LOGIN-DELAY 2", "EXPIRE 30"))
    rig = make(liar=server)
    rig.add("liar", "liar")

    ended = rig.once()
    rig.clock.advance(DAY)
    ended += rig.once()

    assert [(2, 30), (2, 30)] == [
        (each.state.login_delay_seconds, each.state.expire_days) for each in ended
    ]
    assert [30, None] == [each.expires_days for each in ended]


def test_what_cannot_be_stored_is_collected_when_there_is_room_again(make: Make) -> None:
    rig = make(one=FakeServer(mail(5)))
    rig.add("one", "one")
    blobs = rig.system.home.blobs
    away = blobs.with_name("away")
    blobs.rename(away)
    blobs.write_bytes(b"in the way")

    failed = rig.once()[0]
    rests = rig.once()[0]
    blobs.unlink()
    away.rename(blobs)
    rig.clock.advance(3_600)
    well = rig.once()[0]

    assert (Outcome.STORE, 1) == (failed.result.outcome, failed.state.failures)
    assert Outcome.STORE == rests.result.outcome
    assert (Outcome.MAIL, 5, 0) == (
        well.result.outcome,
        well.result.collected,
        well.state.failures,
    )


def test_somebody_hears_once_a_day_that_nothing_comes(make: Make) -> None:
    rig = make(one=FakeServer(greeting=b"-ERR [SYS/TEMP] later\r\n"))
    for name in ("one", "paused"):
        rig.add(name, "one")
    rig.system.remotes.pause("paused")
    rig.add("unscheduled", "one", cron="0 0 29 2 *")
    rig.heard.on_ended = partial(rig.clock.advance, 5_400)

    async def work() -> None:
        async with rig.watching():
            await until(lambda: len(rig.heard.stales) == 3)

    asyncio.run(work())
    told = sorted(alert.at for alert in Alerts(rig.system.database, rig.clock).list())

    assert {"one"} == {stale.name for stale in rig.heard.stales}
    assert all(later - before >= DAY for before, later in pairwise(told))


def test_who_was_away_for_a_week_tries_before_anybody_is_alarmed(make: Make) -> None:
    server = FakeServer(greeting=b"-ERR [SYS/TEMP] later\r\n")
    rig = make(one=server)
    rig.add("one", "one")
    rig.once()
    rig.clock.advance(7 * DAY)
    server.greeting = b"+OK\r\n"

    rig.once()

    assert [Outcome.SERVER, Outcome.NONE] == outcomes(rig)
    assert [] == rig.heard.stales


def test_a_turn_that_was_missed_while_a_session_ran_is_taken_once(make: Make) -> None:
    rig = make(one=FakeServer(mail(1)))
    rig.add("one", "one", cron="* * * * *")
    rig.clock.advance(60)
    began: list[float] = []

    def longer_than_a_minute() -> None:
        began.append(rig.clock.now())
        rig.clock.advance(150)

    rig.heard.on_ended = longer_than_a_minute

    async def work() -> None:
        async with rig.watching():
            await until(lambda: len(began) == 4)
            rig.heard.on_ended = lambda: None

    asyncio.run(work())

    assert [150.0] * 3 == [later - before for before, later in pairwise(began[:4])]


@pytest.mark.slow
@pytest.mark.parametrize(
    "between",
    [pytest.param(10, id="hours"), pytest.param(100, id="days", marks=pytest.mark.interop)],
)
def test_watching_for_long_takes_no_more_memory(make: Make, between: int) -> None:
    server = FakeServer(mail(3))
    rig = make(one=server)
    rig.add("one", "one")
    polls = count(1)
    octets: list[int] = []

    def next_turn() -> None:
        rig.clock.advance(601)
        server.heard.clear()
        server.heard_in_clear.clear()
        server.sessions.clear()
        rig.dialled.clear()
        rig.heard.results.clear()
        if next(polls) % between == 0:
            gc.collect()
            octets.append(tracemalloc.get_traced_memory()[0])

    rig.heard.on_ended = next_turn

    async def work() -> None:
        async with rig.watching():
            await until(lambda: len(octets) == 5)

    tracemalloc.start()
    asyncio.run(work())
    tracemalloc.stop()

    assert octets[-1] < octets[0] + 50_000 + 500 * between


def test_it_is_told_when_most_of_what_was_there_has_vanished(make: Make) -> None:
    messages = mail(30)
    server = FakeServer(dict(messages))
    rig = make(one=server)
    rig.add("one", "one")
    for count_there in (30, 10, 10, 30):
        server.messages = dict(list(messages.items())[:count_there])
        rig.once()

    assert [0, 20, 0, 0] == [ended.result.vanished for ended in rig.heard.results]
    assert 30 == rig.collected()


def test_what_is_there_under_other_names_has_not_vanished(make: Make) -> None:
    server = FakeServer(
        {f"a{number}": b"Message-ID: <%d@x>\r\n\r\n" % number for number in range(20)}
    )
    rig = make(one=server)
    rig.add("one", "one")
    rig.once()
    server.messages = {name.replace("a", "b"): mail for name, mail in server.messages.items()}

    result = rig.once()[0].result

    assert (20, 0, 0) == (result.moved, result.vanished, result.collected)


def test_it_is_told_once_that_a_server_removes_mail_sooner_than_is_asked_for(make: Make) -> None:
    rig = make(one=FakeServer(mail(1), (*CAPABILITIES, "EXPIRE 30")))
    rig.add("one", "one")

    ended = rig.once() + rig.once()

    assert [30, None] == [each.expires_days for each in ended]


def test_the_journal_has_what_vanishes_and_expires_and_no_stop(make: Make) -> None:
    rig = make(one=FakeServer())
    remote = rig.add("one", "one")
    written = io.StringIO()
    noted = Noted(Journal(written, rig.clock))

    noted.ended(Ended(remote, Result(Outcome.NONE, vanished=20), RemoteState(), 30))
    noted.ended(Ended(remote, Result(Outcome.SOCKET, fault=StoppedFault("x")), RemoteState()))
    lines = [line.split(" ", 1)[1] for line in written.getvalue().splitlines()]

    assert ["remote.vanished remote=one count=20", "remote.expires remote=one days=30"] == lines


def test_the_rest_of_a_message_comes_before_the_server_removes_it_itself(make: Make) -> None:
    rig = make(one=FakeServer(mail(3), capabilities=(*CAPABILITIES, "EXPIRE 3")))
    rig.system = replace(rig.system, collect=Collect(rule=(CollectRule("later", "headers"),)))
    rig.add("r", "one")

    counts = []
    for days in (0, 1, 1):
        rig.clock.advance(days * DAY)
        rig.once()
        counts.append(rig.collected())

    assert [0, 0, 3] == counts
