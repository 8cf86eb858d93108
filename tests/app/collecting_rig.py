"""Collecting from fake servers, each under a host of its own, into a home of the real system."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pillarbox.accounts.remote_settings import RemoteSettings, Schedule, Tls
from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System, opened
from pillarbox.app.collecting import Collecting, Pace
from pillarbox.app.home import Home
from pillarbox.app.watcher import Ended
from pillarbox.archive.remote_states import RemoteState, RemoteStates, Stale
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import Fault
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.connection import Connection
from pillarbox.client.server import Server
from pillarbox.collector.progress import Progress, Silent
from pillarbox.net.memory import MemoryStream
from tests.client.fake_server import NAME, PASSWORD, FakeServer
from tests.homes import write_home

SOON = Pace(look=0.001, drain=0)
BROKEN = "broken"  # whoever connects to this host has a mistake in it
LONGEST = 300  # seconds for a whole test: it fails then, and does not hang


@dataclass
class Gated(FakeServer):
    """A server that greets nobody while its gate is shut."""

    is_shut: bool = False
    connections: int = 0
    most_at_once: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def dial(self, host: str, port: int, seconds: float) -> MemoryStream:
        """Count who is there, and let them in when the gate opens."""
        self.connections += 1
        stream = await super().dial(host, port, seconds)
        there = [task for task in self.sessions if not task.done()]
        self.most_at_once = max(self.most_at_once, len(there))
        if self.is_shut:
            await self.gate.wait()
        return stream


@dataclass
class Heard:
    """A watcher that remembers; `on_ended` is done at the end of each session."""

    begun: list[str] = field(default_factory=list)
    results: list[Ended] = field(default_factory=list)
    stales: list[Stale] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    on_ended: Callable[[], None] = lambda: None

    def begins(self, remote: Remote) -> Progress:
        self.begun.append(remote.name)
        return Silent()

    def ended(self, ended: Ended) -> None:
        self.results.append(ended)
        self.on_ended()

    def stale(self, stale: Stale) -> None:
        self.stales.append(stale)

    def failed(self, fault: Fault) -> None:
        self.faults.append(fault)


@dataclass
class Rig:
    """A home, a clock that moves when it is told to, and the network."""

    system: System
    clock: FakeClock
    servers: Mapping[str, FakeServer] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)
    pace: Pace = SOON
    dialled: list[str] = field(default_factory=list)

    async def connect(self, server: Server) -> Connection:
        self.dialled.append(server.host)
        if server.host == BROKEN:
            raise ZeroDivisionError("a mistake of ours")
        return await connect(server, self.servers[server.host].dial)

    def add(self, name: str, host: str, cron: str | None = None) -> Remote:
        account = self.system.accounts.list()[0].id
        schedule = Schedule(cron=cron)
        wanted = RemoteSettings(account, host, 110, NAME, Tls.NONE, schedule=schedule)
        return self.system.remotes.add(name, wanted, Secret(PASSWORD.encode()))

    def state(self, name: str) -> RemoteState:
        return RemoteStates(self.system.database).of(self.system.remotes.show(name).id)

    def collected(self) -> int:
        return sum(1 for _ in self.system.listing.messages())

    def once(self) -> list[Ended]:
        """Collect from all once, as `collect` does."""
        remotes = self.system.remotes.list()

        async def bounded() -> list[Ended]:
            collecting = Collecting(self.system, self.heard, self.connect, self.pace)
            try:
                async with asyncio.timeout(LONGEST):
                    return await collecting.once(remotes, are_named=False)
            finally:
                collecting.close()

        return asyncio.run(bounded())

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Collecting]:
        """Watch while the block runs, as `serve` does."""
        collecting = Collecting(self.system, self.heard, self.connect, self.pace)
        async with asyncio.timeout(LONGEST):
            collecting.start()
            try:
                yield collecting
            finally:
                await collecting.end()


async def until(claim: Callable[[], object]) -> None:
    """Return when it holds."""
    while True:
        if claim():
            return
        await asyncio.sleep(0.001)


@contextmanager
def open_rig(folder: Path, servers: Mapping[str, FakeServer]) -> Iterator[Rig]:
    """Make a home with an account."""
    write_home(folder)
    with opened(Home(folder)) as system:
        clock = FakeClock(system.clock.now())
        yield Rig(replace(system, clock=clock), clock, servers)
