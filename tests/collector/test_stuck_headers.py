"""A message whose header breaks sessions keeps no other waiting, and comes in the end."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pillarbox.accounts.remote_settings import Protocol
from pillarbox.archive.troubles import Stuck, Why
from pillarbox.client.connect import connect
from pillarbox.client.connection import Connection
from pillarbox.client.server import Server, Tls
from pillarbox.collector import manners
from pillarbox.collector import run as runs
from pillarbox.collector.collect import Collector
from pillarbox.collector.intake import Keepers
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.collector.plan import Fetch, Reason, Skip, Step
from pillarbox.collector.progress import Silent
from pillarbox.collector.rules import Action, FieldTest, Rule
from tests.archive.home import REMOTE, Home
from tests.client.fake_server import HANG_UP, FakeServer
from tests.client.imap_server import LOOPBACK, ImapServer
from tests.collector.rig import SOURCE, collect, mail

RULE = Rule("spam", Action.SKIP, fields=(FieldTest("subject", ("spam",)),))
RULED = replace(SOURCE, rules=(RULE,))
MAIL = mail(4)


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (manners, runs):
        monkeypatch.setattr(module, "RESUME_SECONDS", (0.0,) * manners.RESUMES)


def collector(home: Home, keepers: Keepers, fake: FakeServer) -> Collector:
    async def connected(server: Server) -> Connection:
        return await connect(server, fake.dial)

    leases = home.folder / "run" / "collect"
    return Collector(keepers, home.ledger, leases, home.clock, connected)


def collect_as_users_do(home: Home, fake: FakeServer) -> Result:
    """Run with all its sessions."""

    async def work() -> Result:
        keepers = Keepers(home.archive)
        try:
            return (await collector(home, keepers, fake).run(RULED, Silent()))[0]
        finally:
            keepers.close()

    return asyncio.run(work())


def rehearse(home: Home, fake: FakeServer) -> Sequence[Step]:
    async def work() -> Sequence[Step]:
        keepers = Keepers(home.archive)
        try:
            return await collector(home, keepers, fake).rehearse(RULED)
        finally:
            keepers.close()

    return asyncio.run(work())


def breaking(*says: bytes) -> FakeServer:
    return FakeServer(dict(MAIL), says=dict.fromkeys(says, HANG_UP))


def stuck(home: Home) -> dict[str, tuple[int, bool]]:
    found = home.ledger.troubles.stuck(REMOTE)
    return {name: (each.times, each.is_header) for name, each in found.items()}


def test_one_run_collects_all_and_last_what_no_header_is_to_be_had_of(home: Home) -> None:
    fake = breaking(b"TOP 2 0")

    result = collect_as_users_do(home, fake)

    assert (Outcome.MAIL, 4) == (result.outcome, result.collected)
    assert sorted(MAIL.values()) == sorted(home.contents())
    assert b"RETR 2" == [line for line in fake.heard if line.startswith(b"RETR")][-1]
    assert {} == stuck(home)


def test_a_path_that_broke_once_is_no_reason_to_go_without_a_header(home: Home) -> None:
    fake = breaking(b"TOP 2 0")
    fake.messages["id1"] = b"Subject: spam\r\n\r\n"

    collect(home, fake, RULED)
    once = stuck(home)
    fake.says.clear()
    result = collect(home, fake, RULED)

    assert {"id1": (1, True)} == once
    assert (3, 1) == (result.collected, result.skipped)
    assert b"TOP 2 0" == [line for line in fake.heard if line.startswith(b"TOP")][-1]
    assert {} == stuck(home)  # its header came, and is all that was wanted


def test_what_breaks_whole_too_is_told_and_keeps_nothing_else(home: Home) -> None:
    fake = breaking(b"TOP 2 0", b"RETR 2")

    result = collect_as_users_do(home, fake)

    assert 3 == result.collected
    assert ["id1"] == [each.name for each in result.stuck]
    assert {"id1"} == stuck(home).keys()


def test_several_are_found_one_by_one_and_the_next_run_goes_on(home: Home) -> None:
    fake = breaking(b"TOP 1 0", b"TOP 2 0", b"TOP 4 0")

    for _ in range(2):
        collect_as_users_do(home, fake)

    assert sorted(MAIL.values()) == sorted(home.contents())


def remember(home: Home, times: int) -> None:
    now = int(home.clock.now())
    for _ in range(times):
        home.ledger.troubles.broke(REMOTE, Stuck("id1", 20, Why.CUT, 1, now, now, is_header=True))


@pytest.mark.parametrize(("times", "kind"), [(2, Fetch), (20, Skip)])
def test_a_rehearsal_tells_what_is_stuck_last_and_does_not_ask_for_it(
    home: Home, times: int, kind: type[Step]
) -> None:
    fake = breaking(b"TOP 2 0")
    remember(home, times)

    steps = rehearse(home, fake)

    assert ["id0", "id2", "id3", "id1"] == [step.listed.unique_id for step in steps]
    assert Reason.STUCK is steps[-1].reason
    assert isinstance(steps[-1], kind)
    assert {"id1": (times, True)} == stuck(home)


class BrokenImapServer(ImapServer):
    """Hangs up where the header of its second message is asked for, with whatever others."""

    def _answer(self, connected: socket.socket, line: str) -> None:
        words = line.split(" ")
        if "HEADER" in line and "2" in words[3].split(","):
            self.says = {"UID FETCH " + words[3]: HANG_UP}
        super()._answer(connected, line)
        self.says = {}


def test_over_imap_the_message_is_found_that_breaks_a_whole_batch(home: Home) -> None:
    messages = dict(enumerate(MAIL.values(), start=1))
    with BrokenImapServer(messages) as fake:
        server = Server(LOOPBACK, fake.port, Tls.NONE, None, 20, allow_password_without_tls=True)
        source = replace(RULED, server=server, protocol=Protocol.IMAP)
        for _ in range(6):
            collect(home, FakeServer(), source)

    assert sorted(MAIL.values()) == sorted(home.contents())
