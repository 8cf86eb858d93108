"""Plays a dialogue on the real server: sockets on loopback, real TLS, whichever store."""

import asyncio
import io
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pillarbox.app.certificates import make_certificates
from pillarbox.base.clock import FakeClock
from pillarbox.db.sqlite import Database
from pillarbox.journal.journal import Journal
from pillarbox.net.certificates import Certificates, Pair
from pillarbox.net.listener import Listener, Serve
from pillarbox.net.pool import Pool
from pillarbox.server.limits import Limits
from pillarbox.server.service import Pop3Service
from pillarbox.server.services import Services, Timers
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.memory import MemoryStore
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import Store
from pillarbox.store.views.policy import AccountPolicy
from tests.dialogues.core import Place
from tests.dialogues.player import Dialogue, check_line

SECONDS = 20  # more than any dialogue needs on a busy machine


@cache
def contexts() -> tuple[Certificates, ssl.SSLContext]:
    """Return certificates, and a context of a client that trusts their CA; made once a process."""
    made = make_certificates("localhost", datetime.now(UTC))
    with TemporaryDirectory() as folder:
        certificate, key = Path(folder, "certificate"), Path(folder, "key")
        certificate.write_bytes(made.certificate)
        key.write_bytes(made.key)
        server = Certificates([Pair(certificate, key)])
    client = ssl.create_default_context(cadata=made.ca.decode("ascii"))
    client.set_alpn_protocols(["pop3"])
    return server, client


@asynccontextmanager
async def memory_store(folder: Path, dialogue: Dialogue) -> AsyncIterator[Store]:
    yield MemoryStore(MemoryBlobs(), dialogue.view_terms.expire_days)


@asynccontextmanager
async def sqlite_store(folder: Path, dialogue: Dialogue) -> AsyncIterator[Store]:
    database = Database(folder / "pillarbox.db")
    database.write(
        lambda rows: rows.run_each(
            "INSERT INTO accounts (name, state, created_at) VALUES (?, 'enabled', 0)",
            [(name,) for name in dialogue.maildrops],
        )
    )
    blobs = FileBlobs(folder / "blobs", Disk())
    policy = AccountPolicy(retention_days=dialogue.view_terms.expire_days or 0)
    yield SqliteStore(database, blobs, folder / "leases", FakeClock(), policy)
    database.close()


STORES = {"memory": memory_store, "sqlite": sqlite_store}


@dataclass(frozen=True)
class Served:
    """A service that listens on loopback, and what it writes."""

    service: Pop3Service
    port: int
    journal: io.StringIO


@asynccontextmanager
async def served(
    place: Place,
    dialogue: Dialogue,
    timers: Timers | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Served]:
    """Serve the place; afterwards every session has ended."""
    hashing = Pool("hashing", threads=2, waiting=50)
    disk = Pool("disk", threads=2, waiting=50)
    journal = io.StringIO()
    services = Services(
        store=place.store,
        admission=place,
        hashing=hashing,
        asking=hashing,
        converting=disk,
        disk=disk,
        tls=contexts()[0] if dialogue.offers_stls else None,
        journal=Journal(journal, FakeClock()),
        site=dialogue.site,
        timers=timers or Timers(),
    )
    service = Pop3Service(services, limits or Limits())
    serve: dict[str, Serve] = {
        "pop3": service.serve_secure if dialogue.is_secure else service.serve,
        "pop2": service.serve_pop2,
        "pop1": service.serve_pop1,
    }
    listener = Listener(serve[dialogue.protocol])
    await listener.start("127.0.0.1:0")
    try:
        yield Served(service, int(listener.addresses[0][1]), journal)
    finally:
        listener.stop()
        await listener.wait(SECONDS)
        await asyncio.to_thread(hashing.close)
        await asyncio.to_thread(disk.close)


async def play_on_port(dialogue: Dialogue, store: str, folder: Path) -> None:
    async with asyncio.timeout(SECONDS), STORES[store](folder, dialogue) as rows:
        place = Place(rows, dialogue)
        async with served(place, dialogue) as there:
            await _play(dialogue, there.port)
        place.check(dialogue)


async def _play(dialogue: Dialogue, port: int) -> None:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1",
        port,
        ssl=contexts()[1] if dialogue.is_secure else None,
        server_hostname="localhost" if dialogue.is_secure else None,
    )
    try:
        for kind, text in dialogue.steps:
            await _step(kind, text, reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):  # who drops a connection need not say why
            await writer.wait_closed()


async def _step(
    kind: str, text: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    match kind:
        case "C":
            writer.write(text)
            await writer.drain()
        case "tls":
            await writer.start_tls(contexts()[1], server_hostname="localhost")
        case "close":
            assert await reader.read() == b""
        case "drop":
            writer.transport.abort()
        case _:
            check_line(kind, text, await reader.readline())
