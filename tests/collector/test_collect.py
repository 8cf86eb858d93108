"""Collecting: nothing is lost, doubled, or removed before it is durable."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pillarbox.accounts.remotes import Remote, RemoteSettings
from pillarbox.accounts.remotes import Tls as RemoteTls
from pillarbox.accounts.secret_store import SecretId
from pillarbox.archive.keep import Filed, Origin
from pillarbox.archive.ledger import Removal
from pillarbox.base.errors import StoreFault
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.connection import Connection
from pillarbox.client.faults import HungUpFault, PasswordWithoutTlsFault
from pillarbox.client.server import TIMEOUT_SECONDS, Server, Tls
from pillarbox.collector.collect import Collector
from pillarbox.collector.intake import PART_OCTETS, Intake, Keepers
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.collector.plan import DAY_SECONDS, Policy
from pillarbox.collector.progress import Progress, Silent
from pillarbox.collector.source import Source, source_of
from pillarbox.net.deadline import TooSlowFault
from pillarbox.store.lease import take_lease
from tests.archive.home import ACCOUNT, REMOTE, Home, open_home
from tests.client.fake_server import CAPABILITIES, HOST, NAME, PASSWORD, FakeServer

SERVER = Server(HOST, 110, Tls.NONE, timeout_seconds=20, allow_password_without_tls=True)
SOURCE = Source(REMOTE, ACCOUNT, SERVER, NAME, Secret(PASSWORD.encode()))
BIG = b"Subject: big\r\n\r\n" + b"x" * (3 * PART_OCTETS) + b"\r\n"


def mail(count: int) -> dict[str, bytes]:
    return {f"id{n}": b"Subject: %d\r\n\r\n.dot\r\n" % n for n in range(count)}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = open_home(tmp_path / "home")
    yield opened
    opened.database.close()


def collect(
    home: Home,
    fake: FakeServer,
    source: Source = SOURCE,
    progress: Progress | None = None,
) -> Result:
    async def connected(server: Server) -> Connection:
        return await connect(server, fake.dial)

    return run(home, connected, source, progress)


def run(
    home: Home,
    connected: Callable[[Server], Awaitable[Connection]],
    source: Source = SOURCE,
    progress: Progress | None = None,
) -> Result:
    async def bounded() -> Result:
        keepers = Keepers(home.archive)
        collector = Collector(
            keepers, home.ledger, home.folder / "run" / "collect", home.clock, connected
        )
        try:
            async with asyncio.timeout(30):
                return await collector.collect(source, progress or Silent())
        finally:
            keepers.close()

    return asyncio.run(bounded())


def deleting(days: int) -> Source:
    return replace(SOURCE, policy=Policy(days))


def removals(home: Home) -> dict[str, Removal]:
    return {name: entry.removal for name, entry in home.ledger.entries(REMOTE).items()}


def without(*names: str) -> tuple[str, ...]:
    return tuple(line for line in CAPABILITIES if line not in names)


# Fetching


@pytest.mark.parametrize("capabilities", [CAPABILITIES, without("PIPELINING")])
def test_every_message_is_kept_as_it_is(home: Home, capabilities: tuple[str, ...]) -> None:
    messages = mail(40) | {"big": BIG}
    fake = FakeServer(dict(messages), capabilities)

    result = collect(home, fake)

    octets = sum(map(len, messages.values()))
    assert Result(Outcome.MAIL, listed=41, collected=41, octets=octets) == result
    assert sorted(messages.values()) == sorted(home.contents())
    assert messages == fake.messages
    assert b"QUIT" == fake.heard[-1]


def test_a_second_poll_fetches_nothing(home: Home) -> None:
    fake = FakeServer(mail(20))
    collect(home, fake)
    fake.heard.clear()

    assert Result(Outcome.NONE, listed=20) == collect(home, fake)
    assert 0 == fake.count(b"RETR")


def test_an_empty_maildrop_is_no_mail(home: Home) -> None:
    assert Result(Outcome.NONE) == collect(home, FakeServer())


def test_a_partial_listing_makes_nothing_be_fetched_again(home: Home) -> None:
    fake = FakeServer(mail(20))
    collect(home, fake)
    collect(home, FakeServer(mail(2)))
    collect(home, FakeServer())

    assert Result(Outcome.NONE, listed=20) == collect(home, fake)
    assert 20 == fake.count(b"RETR")


def test_a_cut_half_way_keeps_what_came_and_the_next_poll_brings_the_rest(home: Home) -> None:
    messages = mail(200)
    fake = FakeServer(messages, cut_after=6000)

    cut = collect(home, fake)
    whole = collect(home, replace(fake, cut_after=None))

    assert Outcome.SOCKET is cut.outcome
    assert isinstance(cut.fault, HungUpFault)
    assert 0 < cut.collected < 200
    assert 200 - cut.collected == whole.collected
    assert sorted(messages.values()) == sorted(home.contents())


def test_a_message_that_is_cut_leaves_nothing(home: Home) -> None:
    result = collect(home, FakeServer({"big": BIG}, cut_after=2 * PART_OCTETS))

    assert 0 == result.collected
    assert [] == list((home.folder / "blobs" / "incoming").iterdir())


@pytest.mark.parametrize("sizes", [[], [PART_OCTETS], [PART_OCTETS, 1], [PART_OCTETS - 1, 1]])
def test_a_message_comes_in_parts_of_any_size(home: Home, sizes: list[int]) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for size in sizes:
            yield b"x" * size

    async def take() -> None:
        keepers = Keepers(home.archive)
        intake = Intake(keepers, Silent())
        await intake.take(1, Origin(REMOTE, ACCOUNT, "a"), chunks())
        await intake.settle()
        keepers.close()

    asyncio.run(take())
    assert [b"x" * sum(sizes)] == home.contents()


def test_the_same_octets_are_kept_once(home: Home) -> None:
    result = collect(home, FakeServer({"a": BIG, "b": BIG}))

    assert (1, 1) == (result.collected, result.known)
    assert [BIG] == home.contents()


def test_without_uidl_the_content_decides(home: Home) -> None:
    messages = mail(3)
    fake = FakeServer(messages, says={b"UIDL": b"-ERR what\r\n"})

    assert Outcome.MAIL is collect(home, fake).outcome
    assert (Outcome.NONE, 3) == (
        (again := collect(home, fake)).outcome,
        again.known,
    )
    assert sorted(messages.values()) == sorted(home.contents())


def test_messages_that_share_a_unique_id_are_told_apart_by_content(home: Home) -> None:
    messages = mail(3)
    fake = FakeServer(messages, says={b"UIDL": b"+OK\r\n1 a\r\n2 a\r\n3 b\r\n.\r\n"})

    collect(home, fake)
    again = collect(home, fake, deleting(1))

    assert (0, 2) == (again.collected, again.known)
    assert sorted(messages.values()) == sorted(home.contents())
    assert messages == fake.messages


def test_a_message_that_the_server_refuses_is_left_for_the_next_poll(home: Home) -> None:
    fake = FakeServer(mail(3), says={b"RETR 2": b"-ERR [SYS/TEMP] later\r\n"})

    result = collect(home, fake)
    assert (Outcome.SERVER, 2, 1) == (result.outcome, result.collected, result.refused)
    fake.says.clear()
    assert 1 == collect(home, fake).collected


def test_progress_is_told_of_octets_and_of_what_is_durable(home: Home) -> None:
    @dataclass
    class Watcher:
        plan: tuple[int, int] = (0, 0)
        octets: int = 0
        durable: list[int] = field(default_factory=list)

        def planned(self, messages: int, octets: int) -> None:
            self.plan = (messages, octets)

        def received(self, octets: int) -> None:
            self.octets += octets

        def kept(self, filed: Filed) -> None:
            self.durable.append(len(home.ledger.entries(REMOTE)))

    messages = mail(5)
    watcher = Watcher()
    collect(home, FakeServer(messages), progress=watcher)

    total = sum(map(len, messages.values()))
    assert ((5, total), total) == (watcher.plan, watcher.octets)
    assert all(there >= told for told, there in enumerate(watcher.durable, start=1))


# Removing


def test_nothing_is_removed_by_default(home: Home) -> None:
    fake = FakeServer(mail(3))
    collect(home, fake)
    home.clock.advance(1000 * DAY_SECONDS)
    collect(home, fake)

    assert 0 == fake.count(b"DELE")


def test_what_is_kept_is_removed_in_the_same_session_when_no_day_is_asked_for(home: Home) -> None:
    fake = FakeServer(mail(3))

    result = collect(home, fake, deleting(0))

    assert (3, 3, 0) == (result.collected, result.removed, result.perhaps_removed)
    assert {} == fake.messages
    assert {Removal.DONE} == set(removals(home).values())
    assert max(map(fake.heard.index, (b"RETR 1", b"RETR 2", b"RETR 3"))) < fake.heard.index(
        b"DELE 1"
    )


def test_what_is_kept_is_removed_when_its_days_are_over(home: Home) -> None:
    fake = FakeServer(mail(3))
    collect(home, fake, deleting(2))
    home.clock.advance(2 * DAY_SECONDS - 1)
    assert 0 == collect(home, fake, deleting(2)).removed
    home.clock.advance(1)
    fake.messages["new"] = b"new\r\n"

    assert 3 == collect(home, fake, deleting(2)).removed
    assert {"new": b"new\r\n"} == fake.messages


def test_what_was_collected_long_ago_is_asked_for_its_name_before_it_is_removed(
    home: Home,
) -> None:
    fake = FakeServer(mail(2))
    collect(home, fake)
    fake.says[b"UIDL 2"] = b"+OK 2 another\r\n"

    assert 1 == collect(home, fake, deleting(0)).removed
    assert ["id1"] == list(fake.messages)


def test_without_uidl_what_was_fetched_again_is_removed_when_its_days_are_over(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"UIDL": b"-ERR what\r\n"})
    collect(home, fake, deleting(1))
    home.clock.advance(DAY_SECONDS)

    assert 2 == collect(home, fake, deleting(1)).removed
    assert {} == fake.messages


def test_a_message_that_the_server_does_not_mark_is_not_said_to_be_removed(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"DELE 1": b"-ERR no\r\n"})

    assert 1 == collect(home, fake, deleting(0)).removed
    assert {"id0": Removal.NONE, "id1": Removal.DONE} == removals(home)


def test_where_quit_is_refused_the_removal_is_unsure_until_the_next_poll(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"QUIT": b"-ERR some are left\r\n"})

    refused = collect(home, fake, deleting(0))
    assert (0, 2) == (refused.removed, refused.perhaps_removed)
    assert {Removal.PERHAPS} == set(removals(home).values())

    fake.says.clear()
    del fake.messages["id0"]
    assert 1 == collect(home, fake, deleting(0)).removed
    assert {Removal.DONE} == set(removals(home).values())
    assert 2 == fake.count(b"RETR")


def test_where_quit_is_not_answered_the_removal_is_unsure(home: Home) -> None:
    fake = FakeServer(mail(1), says={b"QUIT": b""})
    source = replace(deleting(0), server=replace(SERVER, timeout_seconds=0.2))

    result = collect(home, fake, source)
    assert (Outcome.SOCKET, 1, 1) == (result.outcome, result.collected, result.perhaps_removed)
    collect(home, fake, SOURCE)
    assert {Removal.NONE} == set(removals(home).values())


def test_a_goodbye_that_fails_is_no_failure_where_nothing_was_to_be_removed(home: Home) -> None:
    fake = FakeServer(mail(1), says={b"QUIT": b"rubbish\r\n"})

    assert Result(Outcome.MAIL, listed=1, collected=1, octets=20) == collect(home, fake)


def test_a_message_under_a_name_that_was_removed_is_fetched(home: Home) -> None:
    collect(home, FakeServer({"a": b"old\r\n"}), deleting(0))
    fake = FakeServer({"a": b"new\r\n"})

    assert 1 == collect(home, fake, deleting(0)).collected
    assert [b"new\r\n", b"old\r\n"] == home.contents()


# What stands in the way


def test_one_remote_is_collected_by_one_process_at_a_time(home: Home) -> None:
    fake = FakeServer(mail(1))
    collect(home, fake)
    lease = take_lease(home.folder / "run" / "collect" / str(REMOTE))
    assert lease is not None

    assert Result(Outcome.LOCKED) == collect(home, fake)
    lease.release()
    assert Outcome.NONE is collect(home, fake).outcome


def test_a_folder_for_leases_that_cannot_be_made_is_said(home: Home) -> None:
    (home.folder / "run").write_bytes(b"")

    assert Outcome.STORE is collect(home, FakeServer(mail(1))).outcome


def test_without_leave_no_password_crosses_without_tls(home: Home) -> None:
    fake = FakeServer(mail(1))
    source = replace(SOURCE, server=replace(SERVER, allow_password_without_tls=False))

    result = collect(home, fake, source)
    assert Outcome.AUTHENTICATION is result.outcome
    assert isinstance(result.fault, PasswordWithoutTlsFault)
    assert b"" == fake.heard_in_clear


def test_a_server_that_stalls_ends_at_its_deadline(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"RETR 2": b"+OK\r\nhalf"})
    source = replace(SOURCE, server=replace(SERVER, timeout_seconds=0.3))

    result = collect(home, fake, source)
    assert (Outcome.SOCKET, 1) == (result.outcome, result.collected)


def test_a_session_ends_at_its_own_deadline(home: Home) -> None:
    fake = FakeServer(mail(1), says={b"RETR": b""})

    result = collect(home, fake, replace(SOURCE, deadline_seconds=0.3))
    assert isinstance(result.fault, TooSlowFault)


@pytest.mark.parametrize("messages", [mail(60), {"a": BIG, "b": BIG}, {"a": BIG}])
def test_where_nothing_can_be_kept_the_session_ends_and_removes_nothing(
    home: Home, messages: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreFault("No space.")

    monkeypatch.setattr(home.archive, "keep", full)
    fake = FakeServer(dict(messages))

    result = collect(home, fake, deleting(0))
    assert (Outcome.STORE, 0) == (result.outcome, result.collected)
    assert messages == fake.messages
    assert 0 == fake.count(b"DELE")


def test_a_session_that_is_cancelled_leaves_no_thread_and_no_half_message(home: Home) -> None:
    fake = FakeServer({"a": BIG, "b": b"b\r\n"}, says={b"RETR 1": b"+OK\r\n" + BIG})

    async def cancelled() -> None:
        async def connected(server: Server) -> Connection:
            return await connect(server, fake.dial)

        keepers = Keepers(home.archive)
        collector = Collector(keepers, home.ledger, home.folder / "run", home.clock, connected)
        received = asyncio.Event()

        class Watcher(Silent):
            octets = 0

            def received(self, octets: int) -> None:
                self.octets += octets
                if self.octets > PART_OCTETS:
                    received.set()

        task = asyncio.ensure_future(collector.collect(SOURCE, Watcher()))
        await received.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        keepers.close()

    asyncio.run(cancelled())
    assert [] == list((home.folder / "blobs" / "incoming").iterdir())
    assert {} == removals(home)


def test_a_remote_becomes_a_source() -> None:
    settings = RemoteSettings(ACCOUNT, HOST, 995, NAME, RemoteTls.IMPLICIT, "ca.pem", 5, 60, 14)
    remote = Remote(REMOTE, "first", SecretId(1), 0, settings)
    password = Secret(b"secret")

    expected = Source(
        REMOTE,
        ACCOUNT,
        Server(HOST, 995, Tls.IMPLICIT, Path("ca.pem"), 5),
        NAME,
        password,
        Policy(14),
        60,
    )
    assert expected == source_of(remote, password, allow_password_without_tls=False)
    bare = replace(remote, settings=RemoteSettings(ACCOUNT, HOST, 995, NAME))
    source = source_of(bare, password, allow_password_without_tls=False)
    assert (None, TIMEOUT_SECONDS) == (source.server.ca_file, source.server.timeout_seconds)
