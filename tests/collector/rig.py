"""Collections from the fake server into a home in a temporary folder, for tests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.ledger import Removal
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.connection import Connection
from pillarbox.client.server import Server, Tls
from pillarbox.collector.collect import Collector
from pillarbox.collector.intake import PART_OCTETS, Keepers
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.outcome import Result
from pillarbox.collector.progress import Progress, Silent
from pillarbox.collector.source import Source
from tests.archive.home import ACCOUNT, REMOTE, Home
from tests.client.fake_server import CAPABILITIES, HOST, NAME, PASSWORD, FakeServer

SERVER = Server(HOST, 110, Tls.NONE, timeout_seconds=20, allow_password_without_tls=True)
SOURCE = Source(REMOTE, ACCOUNT, SERVER, NAME, Secret(PASSWORD.encode()))
BIG = b"Subject: big\r\n\r\n" + b"x" * (3 * PART_OCTETS) + b"\r\n"


def mail(count: int) -> dict[str, bytes]:
    return {f"id{n}": b"Subject: %d\r\n\r\n.dot\r\n" % n for n in range(count)}


def collect(
    home: Home,
    fake: FakeServer,
    source: Source = SOURCE,
    progress: Progress | None = None,
) -> Result:
    async def connected(server: Server) -> Connection:
        return await connect(server, fake.dial)

    return run(home, connected, source, progress)


def collect_really(home: Home, source: Source) -> Result:
    """Collect over a real socket."""
    return run(home, connect, source)


def run(
    home: Home,
    connected: Callable[[Server], Awaitable[Mailbox]],
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
                return (await collector.run(source, progress or Silent(), resumes=0))[0]
        finally:
            keepers.close()

    return asyncio.run(bounded())


def deleting(days: int) -> Source:
    return replace(SOURCE, policy=LeavePolicy(days))


def removals(home: Home) -> dict[str, Removal]:
    return {name: entry.removal for name, entry in home.ledger.entries(REMOTE).items()}


def without(*names: str) -> tuple[str, ...]:
    return tuple(line for line in CAPABILITIES if line not in names)
