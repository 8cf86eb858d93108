"""A collection that is killed at its n-th call, and another that ends what it began.

    python -m tests.durability.cut_collect sound FOLDER FIRST STEP

For every STEP-th n from FIRST on: a server with messages, which are to be removed once they are
kept, and a home, both new. A child process collects and is killed at the n-th call: before or after
an fsync, a rename, a statement of a transaction, a commit, or octets to or from the server. Then a
collection that nobody kills. Prints what is wrong, one fault a line, and last the number that was
not reached any more.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from unittest.mock import patch

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.keep import Archive
from pillarbox.archive.ledger import Ledger, Removal
from pillarbox.archive.listing import Listing
from pillarbox.base.clock import FakeClock
from pillarbox.base.secret import Secret
from pillarbox.client.server import Server, Tls
from pillarbox.collector.collect import Collector
from pillarbox.collector.intake import Keepers
from pillarbox.collector.outcome import Outcome
from pillarbox.collector.progress import Silent
from pillarbox.collector.source import Source
from pillarbox.net.socket_stream import SocketStream
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.sqlite import SqliteStore
from tests.archive.home import ACCOUNT, REMOTE, Home, open_home
from tests.client.fake_server import NAME, PASSWORD, FakeServer, Session
from tests.collector.broken_builds import DoublingArchive, LosingArchive
from tests.durability.cut_store import Cut, CutDisk, database_cut_by, in_child

LOOPBACK = "127.0.0.1"
MESSAGES = {
    f"id{n}": b"Message-ID: <%d@example.org>\r\nSubject: %d\r\n\r\n" % (n, n) + b".line\r\n" * n
    for n in range(32)
}
NOT_REACHED = 7  # the exit code of a collection that ended before its n-th call
MOST = 5_000
LOCK_SECONDS = 30.0  # a child that takes longer hangs


class CollectionCut(Cut):
    """Counts the calls of several threads."""

    def __init__(self, when: int) -> None:
        super().__init__(when, kills=True)
        self._lock = Lock()

    def here(self) -> None:
        with self._lock:
            super().here()


# The server


class Noting(Session):
    """Writes down what is still there before it says that the rest is gone."""

    def update(self) -> None:
        super().update()
        note = Path(os.environ["CUT_COLLECT_NOTE"])
        note.write_text("\n".join(self.server.messages), "ascii")


class NotingServer(FakeServer):
    def session(self, stream: object) -> Session:
        assert isinstance(stream, SocketStream)
        return Noting(self, stream)


class Accepted(SocketStream):
    """A connection that the server answers."""

    def __init__(self, server: FakeServer) -> None:
        super().__init__()
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._server.sessions.add(asyncio.ensure_future(self._server.session(self).run()))


async def serve(listening: socket.socket) -> None:
    fake = NotingServer(dict(MESSAGES))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Accepted(fake), sock=listening)
    await server.serve_forever()


@contextmanager
def serving(note: Path) -> Iterator[int]:
    """Run a server in a child process; give its port."""
    os.environ["CUT_COLLECT_NOTE"] = str(note)
    note.write_text("\n".join(MESSAGES), "ascii")
    with socket.create_server((LOOPBACK, 0)) as listening:
        port = listening.getsockname()[1]
        child = os.fork()
        if not child:
            try:
                asyncio.run(serve(listening))
            finally:
                os._exit(1)
    try:
        yield port
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


# The collection


def unkilled() -> Cut:
    return Cut(0, kills=False)


def home_of(folder: Path, cut: Cut, kind: type[Archive]) -> Home:
    """Open a home whose disk and database can be cut."""
    open_home(folder).database.close()
    opening, clock = unkilled(), FakeClock()
    disk = CutDisk(opening)
    database = database_cut_by(cut)(folder / "pillarbox.db")
    store = SqliteStore(database, FileBlobs(folder / "blobs", disk), folder / "leases", clock)
    disk._cut = cut
    archive = kind(store, database, clock)
    ledger, listing = Ledger(database), Listing(database, store)
    return Home(folder, clock, database, store, archive, ledger, listing)


async def collect(home: Home, port: int) -> Outcome:
    server = Server(LOOPBACK, port, Tls.NONE, allow_password_without_tls=True)
    source = Source(REMOTE, ACCOUNT, server, NAME, Secret(PASSWORD.encode()), LeavePolicy(0))
    keepers = Keepers(home.archive)
    collector = Collector(keepers, home.ledger, home.folder / "run", home.clock)
    try:
        async with asyncio.timeout(LOCK_SECONDS):
            return (await collector.run(source, Silent(), resumes=0))[0].outcome
    finally:
        keepers.close()


@contextmanager
def network_cut_by(cut: Cut) -> Iterator[None]:
    """Cut before octets go out, after that, and after octets have come in."""
    write, read = SocketStream.write, SocketStream.read

    async def cut_write(self: SocketStream, octets: bytes) -> None:
        cut.here()
        await write(self, octets)
        cut.here()

    async def cut_read(self: SocketStream) -> bytes:
        octets = await read(self)
        cut.here()
        return octets

    with (
        patch.object(SocketStream, "write", cut_write),
        patch.object(SocketStream, "read", cut_read),
    ):
        yield


def run(folder: Path, port: int, cut: Cut, kind: type[Archive] = Archive) -> int:
    """Collect in a child process; give its exit code."""

    def work() -> int:
        home = home_of(folder, cut, kind)
        with network_cut_by(cut):
            outcome = asyncio.run(collect(home, port))
        return int(outcome) if not cut.kills else NOT_REACHED

    return in_child(work)


# What is wrong


def faults(folder: Path, note: Path, *, is_over: bool) -> Iterator[str]:
    home = open_home(folder)
    there = set(note.read_text("ascii").split())
    found = Counter(home.contents())
    for unique_id, octets in MESSAGES.items():
        times = found.pop(octets, 0)
        if times > 1:
            yield f"{unique_id} is doubled"
        if not times and (is_over or unique_id not in there):
            yield f"{unique_id} is lost"
    if found:
        yield "something is torn"
    if is_over and there:
        yield f"{len(there)} are left on the server"
    removals = {entry.removal for entry in home.ledger.entries(REMOTE).values()}
    if is_over and removals != {Removal.DONE}:
        yield f"removals are {sorted(removals)}"
    home.database.close()


def cut_at(folder: Path, when: int, kind: type[Archive]) -> tuple[bool, list[str]]:
    """Return whether there was an n-th call, and what is wrong."""
    home, note = folder / "home", folder / "note"
    folder.mkdir(parents=True)
    with serving(note) as port:
        code = run(home, port, CollectionCut(when), kind)
        if code not in (-signal.SIGKILL, NOT_REACHED):
            sys.exit(f"The collection that was to be killed ended with {code}.")
        is_reached = code != NOT_REACHED
        wrong = [f"killed: {fault}" for fault in faults(home, note, is_over=False)]
        code = run(home, port, unkilled(), kind)
        if code not in (Outcome.MAIL, Outcome.NONE):
            wrong.append(f"the next collection ended with {code}")
        run(home, port, unkilled(), kind)  # which learns what became of what is perhaps removed
        wrong += faults(home, note, is_over=True)
    return is_reached, wrong


KINDS: dict[str, type[Archive]] = {
    "sound": Archive,
    "losing": LosingArchive,
    "doubling": DoublingArchive,
}


def main(name: str, folder: Path, first: int, step: int) -> int:
    """Kill at every STEP-th call; give the first number that was not reached."""
    for when in range(first, MOST, step):
        is_reached, wrong = cut_at(folder / str(when), when, KINDS[name])
        for fault in wrong:
            sys.stdout.write(f"{when}: {fault}\n")
        sys.stdout.flush()
        shutil.rmtree(folder / str(when))
        if not is_reached:
            return when
    sys.exit("There is no end of it.")


if __name__ == "__main__":
    kind, at, begin, each = sys.argv[1:]
    sys.stdout.write(str(main(kind, Path(at), int(begin), int(each))))
