"""A driver with a client in memory, and a store that can be made to fail or to wait."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from threading import Event
from typing import Literal

from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import PeerFault, StoreFault
from pillarbox.base.names import AccountId, Identity, SessionId, SignIn
from pillarbox.base.secret import Secret
from pillarbox.journal.journal import Journal
from pillarbox.message.served import ServedForm, Transformation
from pillarbox.net.certificates import Certificates
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.net.pool import Pool
from pillarbox.net.stream import Stream
from pillarbox.sasl.exchange import DigestProof, ScramAccount, ScramHash
from pillarbox.server.admission import Admitted, Denied
from pillarbox.server.driver import Driver
from pillarbox.server.effects import Effects, Watch, unwatched
from pillarbox.server.limits import Connections, Limits
from pillarbox.server.service import begin_pop3
from pillarbox.server.services import Services, Timers
from pillarbox.server.site import Site
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.blobs.port import BlobReader, Digest
from pillarbox.store.memory import MemoryMaildrop, MemoryStore
from pillarbox.store.store import Kept, Maildrop, MaildropInUseError, Message

ACCOUNT = AccountId(1)
LOGIN = b"USER mrose\r\nPASS correct horse\r\n"
SECONDS = 20  # more than any test needs on a busy machine


class FakeReader:
    """A message of any octets, made as it is read; may fail after so many."""

    def __init__(self, octets: int, fails_after: int | None) -> None:
        self.taken = 0
        self._octets = octets
        self._fails_after = fails_after

    def read(self, octets: int) -> bytes:
        if self._fails_after is not None and self.taken >= self._fails_after:
            raise StoreFault("Input/output error.")
        octets = min(octets, self._octets - self.taken)
        self.taken += octets
        return b"x" * (octets - 2) + b"\r\n" if octets else b""

    def close(self) -> None:
        self.closed = True


class FakeStore(MemoryStore):
    """One account's maildrop whose messages are made as they are read, and faults on demand."""

    def __init__(self, *messages: int) -> None:
        super().__init__(MemoryBlobs())
        self.faults: set[str] = set()
        self.fails_after: int | None = None
        self.readers: list[FakeReader] = []
        self.has_begun = Event()
        self.may_end = Event()
        self.may_end.set()
        for octets in messages:
            form = ServedForm(
                Transformation.IDENTITY,
                octets=octets,
                header_octets=octets,
                has_dot_lines=False,
                has_8bit_header=False,
            )
            self.deliver(Kept(Digest(octets.to_bytes(32, "big")), octets, form), ACCOUNT)

    def read(self, digest: Digest) -> BlobReader:
        self.wait("read")
        self.readers.append(FakeReader(int.from_bytes(digest, "big"), self.fails_after))
        return self.readers[-1]

    def open_maildrop(self, identity: Identity, session: SessionId | None = None) -> MemoryMaildrop:
        self.wait("open")
        return super().open_maildrop(identity, session)

    def update(
        self, identity: Identity, marked: Collection[Message], had: Collection[Message]
    ) -> None:
        self.wait("remove")
        super().update(identity, marked, had)

    def wait(self, step: str) -> None:
        self.has_begun.set()
        self.may_end.wait(SECONDS)
        if step in self.faults:
            raise StoreFault("Input/output error.")

    def is_leased(self) -> bool:
        try:
            maildrop: Maildrop = super().open_maildrop(Identity(ACCOUNT))
        except MaildropInUseError:
            return True
        maildrop.release()
        return False

    def count(self) -> int:
        return len(self._maildrops.get(ACCOUNT, ()))


def try_password(name: str, secret: Secret) -> Identity | None:
    return Identity(ACCOUNT) if (name, secret.reveal()) == ("mrose", b"correct horse") else None


@dataclass
class Door:
    """Lets one person in, by password; others may be told to wait."""

    try_password: Callable[[str, Secret], Identity | None]
    is_open: bool = True

    def recall(self, name: str, password: Secret) -> Identity | Literal[False] | None:
        return None

    def try_digest(self, name: str, proof: DigestProof) -> Identity | None:
        return None

    def find_scram(self, name: str, hash_: ScramHash) -> ScramAccount:
        return ScramAccount(b"salt", 4096, ())

    def try_token(self, name: str | None, token: Secret) -> Identity | None:
        return None

    def delay(self, name: str, sign_in: SignIn) -> float | None:
        return 0.0

    def refused(self, name: str, sign_in: SignIn) -> None:
        return None

    def give_back(self, sign_in: SignIn) -> None:
        return None

    def enter(self, name: str, identity: Identity, sign_in: SignIn) -> Admitted | Denied:
        return Admitted() if self.is_open else Denied.NOT_ACCEPTED


@dataclass
class Rig:
    """What a driver is given, and what came of it."""

    store: FakeStore = field(default_factory=lambda: FakeStore(100, 200))
    timers: Timers = field(default_factory=Timers)
    tls: Certificates | None = None
    is_secure: bool = False
    limits: Limits = field(default_factory=Limits)
    journal: io.StringIO = field(default_factory=io.StringIO)
    try_password: Callable[[str, Secret], Identity | None] = try_password
    may_enter: bool = True
    hashing: Pool = field(default_factory=lambda: Pool("hashing", threads=1, waiting=5))
    disk: Pool = field(default_factory=lambda: Pool("disk", threads=2, waiting=5))

    def services(self) -> Services:
        return Services(
            store=self.store,
            admission=Door(self.try_password, self.may_enter),
            hashing=self.hashing,
            asking=self.hashing,
            converting=self.disk,
            disk=self.disk,
            tls=self.tls,
            journal=Journal(self.journal, FakeClock()),
            site=Site(allow_plaintext_auth_without_tls=True),
            timers=self.timers,
        )

    def begin(self, end_point: bytes | None, watch: Watch = unwatched) -> Effects:
        site = Site(allow_plaintext_auth_without_tls=True)
        offers_stls = self.tls is not None
        return begin_pop3(site, end_point, watch, is_secure=self.is_secure, offers_stls=offers_stls)

    @property
    def why(self) -> str:
        """How the session ended."""
        said = self.journal.getvalue().rpartition("why=")[2]
        return said.partition(" session=")[0].strip()


@dataclass
class Talk:
    """A client's end of a session."""

    stream: Stream
    driver: Driver
    session: "asyncio.Task[None]"

    async def until(self, end: bytes) -> bytes:
        """Read until what was heard ends so."""
        octets = b""
        while not octets.endswith(end):
            more = await self.stream.read()
            assert more, octets
            octets += more
        return octets

    async def rest(self) -> bytes:
        """Read to the end of the connection, however it ends."""
        octets = b""
        try:
            while more := await self.stream.read():
                octets += more
        except PeerFault:
            return octets
        return octets

    async def ask(self, octets: bytes, end: bytes = b"\r\n") -> bytes:
        await self.stream.write(octets)
        return await self.until(end)

    async def login(self) -> None:
        await self.until(b"ready.\r\n")
        await self.ask(LOGIN, b"messages\r\n")


def converse(
    rig: Rig,
    talk: Callable[[Talk], Awaitable[None]],
    pair: Callable[[], tuple[Stream, MemoryStream]] = memory_pair,
) -> None:
    """Serve one connection in memory, and let `talk` be its client."""

    async def both() -> None:
        ours, theirs = pair()
        connections = Connections(rig.limits)
        connections.enter(ours.peer)
        driver = Driver(ours, rig.services(), connections)
        session = asyncio.create_task(driver.run(rig.begin, is_secure=rig.is_secure))
        async with asyncio.timeout(SECONDS):
            try:
                await talk(Talk(theirs, driver, session))
            finally:
                await theirs.close()
                rig.store.may_end.set()
                await asyncio.wait([session])
        await asyncio.to_thread(rig.hashing.close)
        await asyncio.to_thread(rig.disk.close)
        if not session.cancelled():
            session.result()

    asyncio.run(both())
