"""What stands in the way of collecting, and what came of it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.accounts.remote_settings import LeavePolicy, RemoteSettings
from pillarbox.accounts.remote_settings import Tls as RemoteTls
from pillarbox.accounts.remotes import Remote
from pillarbox.accounts.secret_store import SecretId
from pillarbox.base.errors import StoreFault
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.connection import Connection
from pillarbox.client.faults import BeyondAsciiFault, PasswordWithoutTlsFault
from pillarbox.client.server import TIMEOUT_SECONDS, Server, Tls
from pillarbox.collector.collect import Collector, RemoteGoneFault
from pillarbox.collector.intake import PART_OCTETS, Keepers
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.collector.progress import Silent
from pillarbox.collector.source import Source, source_of
from pillarbox.net.deadline import TooSlowFault
from pillarbox.store.lease import take_lease
from tests.archive.home import ACCOUNT, REMOTE, Home
from tests.client.fake_server import HOST, NAME, FakeServer
from tests.collector.rig import BIG, SERVER, SOURCE, collect, deleting, mail, removals


def test_one_remote_is_collected_by_one_process_at_a_time(home: Home) -> None:
    fake = FakeServer(mail(1))
    collect(home, fake)
    lease = take_lease(home.folder / "run" / "collect" / str(REMOTE))
    assert lease is not None

    assert Result(Outcome.LOCKED) == collect(home, fake)
    lease.release()
    assert Outcome.NONE is collect(home, fake).outcome


def test_a_name_that_the_server_does_not_take_is_no_login(home: Home) -> None:
    fake = FakeServer(mail(1), capabilities=("USER", "UTF8"))

    result = collect(home, fake, replace(SOURCE, user="römer"))
    assert Outcome.AUTHENTICATION is result.outcome
    assert isinstance(result.fault, BeyondAsciiFault)
    assert [b"CAPA"] == fake.heard


def test_a_folder_for_leases_that_cannot_be_made_is_said(home: Home) -> None:
    (home.folder / "run").write_bytes(b"")

    assert Outcome.STORE is collect(home, FakeServer(mail(1))).outcome


def test_without_leave_no_password_crosses_without_tls(home: Home) -> None:
    fake = FakeServer(mail(1))
    source = replace(SOURCE, server=replace(SERVER, allow_password_without_tls=False))

    result = collect(home, fake, source)
    assert Outcome.AUTHENTICATION is result.outcome
    assert isinstance(result.fault, PasswordWithoutTlsFault)
    assert [b"CAPA"] == fake.heard


@pytest.mark.slow
def test_a_server_that_stalls_ends_at_its_deadline(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"RETR 2": b"+OK\r\nhalf"})
    source = replace(SOURCE, server=replace(SERVER, timeout_seconds=1))

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
    monkeypatch.setattr(home.archive, "keep_all", full)
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

        task = asyncio.ensure_future(collector.run(SOURCE, Watcher()))
        await received.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        keepers.close()

    asyncio.run(cancelled())
    assert [] == list((home.folder / "blobs" / "incoming").iterdir())
    assert {} == removals(home)


def test_a_remote_that_was_removed_before_the_lease_was_taken_is_not_spoken_to(home: Home) -> None:
    home.database.write(lambda rows: rows.run("DELETE FROM remotes WHERE id = ?", REMOTE))
    fake = FakeServer(mail(1))

    result = collect(home, fake)

    assert isinstance(result.fault, RemoteGoneFault)
    assert Outcome.CONFIGURATION is result.outcome
    assert [] == fake.heard


def test_a_remote_becomes_a_source() -> None:
    settings = RemoteSettings(
        ACCOUNT, HOST, 995, NAME, RemoteTls.IMPLICIT, "ca.pem", 5, 60, leave=LeavePolicy(14)
    )
    remote = Remote(REMOTE, "first", SecretId(1), 0, settings)
    password = Secret(b"secret")

    expected = Source(
        REMOTE,
        ACCOUNT,
        Server(HOST, 995, Tls.IMPLICIT, Path("ca.pem"), 5),
        NAME,
        password,
        LeavePolicy(14),
        60,
        name="first",
    )
    assert expected == source_of(remote, password, allow_password_without_tls=False)
    bare = replace(remote, settings=RemoteSettings(ACCOUNT, HOST, 995, NAME))
    source = source_of(bare, password, allow_password_without_tls=False)
    assert (None, TIMEOUT_SECONDS) == (source.server.ca_file, source.server.timeout_seconds)
