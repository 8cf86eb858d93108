"""A place to deliver to: accounts, a store that can be made to fail, and a served loopback port."""

import asyncio
import errno
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, Identity
from pillarbox.db.sqlite import Database
from pillarbox.delivery.effects import Refusal
from pillarbox.delivery.service import LmtpService
from pillarbox.delivery.services import Services, Timers
from pillarbox.delivery.session import MESSAGE_OCTETS
from pillarbox.journal.journal import Journal
from pillarbox.net.listener import Listener
from pillarbox.net.pool import Pool
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.blobs.port import CHUNK_OCTETS
from pillarbox.store.disk import Disk
from pillarbox.store.quota import Quotas
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import Incoming, Kept


@dataclass
class Given:
    """What a test starts with."""

    accounts: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)  # their copies cannot be stored
    unreadable: list[str] = field(default_factory=list)  # they cannot be looked up
    quotas: dict[str, int] = field(default_factory=dict)  # of accounts, in octets
    has_space: bool = True
    message_octets: int = MESSAGE_OCTETS

    @property
    def names(self) -> list[str]:
        return [*self.accounts, *self.disabled, *self.failing, *self.unreadable]

    def id_of(self, name: str) -> AccountId:
        return AccountId(self.names.index(name) + 1)

    def resolve(self, recipient: str) -> AccountId | Refusal:
        """Look an account up by the local part, as accounts do."""
        name = recipient.partition("@")[0]
        if name in self.unreadable:
            raise StoreFault("The database is locked.")
        if name in self.disabled:
            return Refusal.DISABLED
        return self.id_of(name) if name in self.names else Refusal.UNKNOWN


def no_space() -> StoreFault:
    fault = StoreFault("No space left on device.")
    fault.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    return fault


class FullIncoming:
    """Writes, and finds at the end that nothing was kept."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    def write(self, chunk: bytes) -> None:
        self._incoming.write(chunk)

    def keep(self) -> Kept:
        raise no_space()

    def __enter__(self) -> Self:
        self._incoming.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._incoming.__exit__(kind, error, trace)


class Desk:
    """A real store under `folder`, with the faults that are given."""

    def __init__(self, folder: Path, given: Given) -> None:
        self.given = given
        self.folder = folder
        self.database = Database(folder / "pillarbox.db")
        self.journal = io.StringIO()
        clock = FakeClock()
        blobs = FileBlobs(folder / "blobs", Disk())
        self.store = SqliteStore(self.database, blobs, folder / "leases", clock)
        self.quotas = Quotas(self.database)
        self.database.write(
            lambda rows: rows.run_each(
                "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)",
                [(name,) for name in given.names],
            )
        )
        self.database.write(
            lambda rows: rows.run_each(
                "UPDATE accounts SET quota_octets = ? WHERE name = ?",
                [(octets, name) for name, octets in given.quotas.items()],
            )
        )

    def resolve(self, recipient: str) -> AccountId | Refusal:
        found = self.given.resolve(recipient)
        if isinstance(found, Refusal) or not self.quotas.use(found).is_full:
            return found
        return Refusal.FULL

    def incoming(self) -> Incoming:
        incoming = self.store.incoming()
        return incoming if self.given.has_space else FullIncoming(incoming)

    def deliver(self, kept: Kept, account: AccountId) -> str:
        if self.given.names[account - 1] in self.given.failing:
            raise StoreFault("Input/output error.")
        return self.store.deliver(kept, account)

    def maildrop(self, name: str) -> list[bytes]:
        """Return the octets of an account's messages as they are stored."""
        maildrop = self.store.open_maildrop(Identity(self.given.id_of(name)))
        messages = []
        for message in maildrop.messages:
            reader = self.store.read(message.digest)
            messages.append(b"".join(iter(partial(reader.read, CHUNK_OCTETS), b"")))
            reader.close()
        maildrop.release()
        return messages

    def close(self) -> None:
        self.database.close()

    def leftovers(self) -> list[Path]:
        """Return what deliveries that were not kept have left on the disk."""
        return list((self.folder / "blobs" / "incoming").iterdir())

    def services(self, pool: Pool, timers: Timers, connections: int = 100) -> Services:
        return Services(
            store=self,
            recipients=self,
            disk=pool,
            journal=Journal(self.journal, FakeClock()),
            hostname="mail.example.org",
            message_octets=self.given.message_octets,
            connections=connections,
            timers=timers,
        )


@dataclass(frozen=True)
class Served:
    """A service that listens on loopback."""

    service: LmtpService
    port: int


@asynccontextmanager
async def served(
    desk: Desk, timers: Timers | None = None, connections: int = 100
) -> AsyncIterator[Served]:
    """Serve the desk; afterwards every session has ended."""
    pool = Pool("disk", threads=4, waiting=200)
    timers = timers or Timers(idle=10, linger=0.2, close=1)
    service = LmtpService(desk.services(pool, timers, connections))
    listener = Listener(service.serve)
    await listener.start("127.0.0.1:0")
    try:
        yield Served(service, int(listener.addresses[0][1]))
    finally:
        listener.stop()
        await listener.wait(5)
        await asyncio.to_thread(pool.close)
