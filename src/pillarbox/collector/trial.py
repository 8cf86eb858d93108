"""A session that fetches nothing and removes nothing: how far a remote lets us come."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from pillarbox.accounts.remote_settings import Protocol
from pillarbox.base.errors import Fault, PeerFault
from pillarbox.client.connect import Dial, connect
from pillarbox.client.faults import GreetingFault, RefusedFault, StlsMissingFault
from pillarbox.client.imap import connect as imap
from pillarbox.client.listing import Listing
from pillarbox.client.server import Server, Tls
from pillarbox.collector.mailbox import Mailbox
from pillarbox.collector.source import Source
from pillarbox.net import connector
from pillarbox.net.contexts import AuthoritiesFault
from pillarbox.net.deadline import within
from pillarbox.net.tls import TlsFault

SECONDS = 120.0  # for all of it; each wait has the remote's own timeout


class Stage(StrEnum):
    """What a session comes through, in this order; with STLS the greeting is before TLS."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    GREETING = "greeting"
    CAPABILITIES = "capabilities"
    LOGIN = "login"
    LISTING = "listing"
    TOP = "top"


STAGES: Mapping[Tls, tuple[Stage, ...]] = {
    Tls.IMPLICIT: tuple(Stage),
    Tls.STLS: (Stage.DNS, Stage.TCP, Stage.GREETING, Stage.TLS, *tuple(Stage)[4:]),
    Tls.NONE: tuple(stage for stage in Stage if stage is not Stage.TLS),
}
REACHED = (Stage.TCP, Stage.TLS, Stage.GREETING)  # by IMAP's connection, as one
# Where a session is that has not come further yet: the authorities are read before it connects.
AT: tuple[tuple[type[Fault], Stage], ...] = (
    (AuthoritiesFault, Stage.TLS),
    (TlsFault, Stage.TLS),
    (StlsMissingFault, Stage.TLS),
    (GreetingFault, Stage.GREETING),
)


@dataclass(frozen=True, slots=True)
class Passed:
    """A stage that was passed, and what was found there."""

    stage: Stage
    found: Mapping[str, object]


Report = Callable[[Passed], None]
Resolve = Callable[[str, int, float], Awaitable[list[str]]]
ReachImap = Callable[[Server, Sequence[str]], Awaitable[Mailbox]]


@dataclass(frozen=True, slots=True)
class Net:
    """How names and servers are reached."""

    resolve: Resolve = connector.resolve
    dial: Dial = connector.connect
    reach: ReachImap = imap.connect


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: at which stage, and why; None for both where every stage was passed."""

    stage: Stage | None = None
    fault: Fault | None = None


async def try_remote(source: Source, report: Report, net: Net | None = None) -> Ended:
    """Go through a session and report each stage that was passed."""
    trial = _Trial(source, report, net or Net())
    try:
        async with within(source.deadline_seconds or SECONDS):
            await trial.run()
    except Fault as fault:
        return Ended(trial.stage_of(fault), fault)
    return Ended()


class _Trial:
    def __init__(self, source: Source, report: Report, net: Net) -> None:
        self._source = source
        self._report = report
        self._net = net
        self._left = list(STAGES[source.server.tls])

    def stage_of(self, fault: Fault) -> Stage:
        """Return the stage that a fault ended."""
        at = next((stage for kind, stage in AT if isinstance(fault, kind)), None)
        if at in self._left:
            return at
        return self._left[0] if self._left else Stage.TOP

    async def run(self) -> None:
        """Pass every stage; raises the Fault that ends it."""
        server = self._source.server
        addresses = await self._net.resolve(server.host, server.port, server.timeout_seconds)
        self._passed(Stage.DNS, addresses=addresses)
        if self._source.protocol is Protocol.IMAP:
            await self._run_imap()
            return
        async with await connect(server, self._net.dial, self._noted) as session:
            announced = await session.capabilities()
            lines = [" ".join((name, *said)) for name, said in announced.arguments.items()]
            self._passed(Stage.CAPABILITIES, announced=lines)
            await self._look(session)

    async def _run_imap(self) -> None:
        self._left.remove(Stage.CAPABILITIES)
        session = await self._net.reach(self._source.server, self._source.folders)
        for stage in [stage for stage in self._left if stage in REACHED]:
            self._passed(stage)
        async with session:
            await self._look(session)

    async def _look(self, session: Mailbox) -> None:
        await session.login(self._source.user, self._source.password)
        self._passed(Stage.LOGIN, user=self._source.user)
        listing = await session.listing()
        self._passed(Stage.LISTING, **_listed(listing))
        await self._top(session, listing)
        with suppress(PeerFault):  # nothing hangs on the goodbye
            await session.quit()

    async def _top(self, session: Mailbox, listing: Listing) -> None:
        """Ask for the header of the newest message; a server may lack TOP."""
        if not listing:
            self._passed(Stage.TOP, octets=None)
            return
        try:
            header = await session.top(listing[-1].number, 0)
        except RefusedFault:
            self._passed(Stage.TOP, octets=None)
        else:
            self._passed(Stage.TOP, octets=len(header))

    def _noted(self, passed: str, found: str) -> None:
        self._passed(Stage(passed), said=found)

    def _passed(self, stage: Stage, **found: object) -> None:
        self._left.remove(stage)
        self._report(Passed(stage, found))


def _listed(listing: Listing) -> dict[str, object]:
    return {
        "messages": len(listing),
        "octets": sum(listed.octets for listed in listing),
        "unique_ids": all(listed.unique_id is not None for listed in listing),
    }
