"""What a session does when a disk, a peer or the clock is against it."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import NoReturn

import pytest

from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId
from pillarbox.delivery.arrival import failure_of
from pillarbox.delivery.driver import Driver
from pillarbox.delivery.effects import Failure
from pillarbox.delivery.service import LmtpService
from pillarbox.delivery.services import Timers
from pillarbox.delivery.session import GROUP, RECIPIENTS
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.net.pool import Pool
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.store import Kept
from tests.delivery.desk import Desk, Given

HELLO = b"LHLO mta\r\n"
MAIL = b"MAIL FROM:<author@example.org>\r\n"
RCPT = b"RCPT TO:<mrose>\r\n"
TO_DATA = HELLO + MAIL + RCPT + b"DATA\r\n"
Talk = Callable[[MemoryStream, Driver], Awaitable[None]]


def converse(
    desk: Desk, talk: Talk, timers: Timers | None = None, pool: Pool | None = None
) -> None:
    """Serve one connection in memory and let `talk` be its client."""

    async def both() -> None:
        ours, theirs = memory_pair()
        place = pool or Pool("disk", threads=2, waiting=50)
        driver = Driver(ours, desk.services(place, timers or Timers(idle=5, linger=1, close=1)))
        session = asyncio.ensure_future(driver.run())
        async with asyncio.timeout(20):
            await talk(theirs, driver)
            await theirs.close()
            await session
        await asyncio.to_thread(place.close)

    asyncio.run(both())


async def heard(stream: MemoryStream, last: bytes) -> bytes:
    """Read until a reply that starts with `last` has come."""
    octets = b""
    while b"\r\n" + last not in b"\r\n" + octets or not octets.endswith(b"\r\n"):
        more = await stream.read()
        if not more:
            break
        octets += more
    return octets


def codes(octets: bytes) -> list[bytes]:
    return [line[:9] for line in octets.splitlines()]


def test_a_message_of_many_blocks_is_stored_in_blocks_of_bounded_size(tmp_path: Path) -> None:
    message = b"".join(b"%07d %s\r\n" % (number, b"x" * 1000) for number in range(2000))

    async def talk(stream: MemoryStream, driver: Driver) -> None:
        await stream.write(TO_DATA)
        await heard(stream, b"354")
        await stream.write(message + b".\r\nQUIT\r\n")
        assert codes(await heard(stream, b"221")) == [b"250 2.0.0", b"221 2.0.0"]

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        converse(desk, talk)

        assert [message] == desk.maildrop("mrose")


class FailingDisk(Disk):
    """A disk whose sync fails, as many do once and never again."""

    def __init__(self) -> None:
        self.syncs = 0

    def sync(self, descriptor: int) -> None:
        self.syncs += 1
        raise OSError(errno.EIO, "Input/output error")


def test_a_sync_that_fails_is_not_tried_again_and_nothing_is_acknowledged(tmp_path: Path) -> None:
    disk = FailingDisk()

    async def talk(stream: MemoryStream, driver: Driver) -> None:
        await stream.write(TO_DATA + b"text\r\n.\r\nQUIT\r\n")
        assert codes(await heard(stream, b"221"))[-2:] == [b"451 4.3.0", b"221 2.0.0"]

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        blobs = FileBlobs(tmp_path / "blobs", Disk())
        blobs.disk = disk
        desk.store = SqliteStore(desk.database, blobs, tmp_path / "leases", FakeClock())
        converse(desk, talk)

        assert disk.syncs == 1
        assert [] == desk.maildrop("mrose")
        assert [] == desk.leftovers()


class NoPlace(Desk):
    """A store that cannot even make a file."""

    attempts = 0

    def incoming(self) -> NoReturn:
        self.attempts += 1
        raise StoreFault("Too many open files.")


def test_a_message_that_cannot_be_written_is_read_to_its_end_and_then_refused(
    tmp_path: Path,
) -> None:
    async def talk(stream: MemoryStream, driver: Driver) -> None:
        await stream.write(TO_DATA)
        await heard(stream, b"354")
        await stream.write(b"x" * 300_000 + b"\r\n.\r\nRSET\r\nQUIT\r\n")
        assert codes(await heard(stream, b"221")) == [b"451 4.3.0", b"250 2.0.0", b"221 2.0.0"]

    with closing(NoPlace(tmp_path, Given(["mrose"]))) as desk:
        converse(desk, talk)

        assert desk.attempts == 1


def test_where_too_much_waits_the_sender_is_told_to_come_back(tmp_path: Path) -> None:
    pool = Pool("disk", threads=1, waiting=0)
    release = Event()

    async def talk(stream: MemoryStream, driver: Driver) -> None:
        busy = pool.start(release.wait)
        await stream.write(HELLO + MAIL + RCPT + b"QUIT\r\n")
        assert b"451 4.3.0" in codes(await heard(stream, b"221"))
        release.set()
        await busy

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        converse(desk, talk, pool=pool)


@pytest.mark.parametrize("count", [GROUP + 1, pytest.param(RECIPIENTS, marks=pytest.mark.slow)])
def test_many_recipients_have_their_replies_and_one_more_than_most_is_refused(
    count: int, tmp_path: Path
) -> None:
    async def talk(stream: MemoryStream, driver: Driver) -> None:
        sent = asyncio.ensure_future(stream.write(HELLO + MAIL + RCPT * count))
        await heard(stream, b"250 2.1.0")
        await sent
        await stream.write(b"RCPT TO:<mrose>\r\n" + b"DATA\r\ntext\r\n.\r\nQUIT\r\n")
        replies = codes(await heard(stream, b"221"))
        more = b"250 2.1.5" if count < RECIPIENTS else b"452 4.5.3"
        accepted = count + (count < RECIPIENTS)
        assert more == replies[replies.index(b"354 Send ") - 1]
        assert replies.count(b"250 2.0.0") == accepted

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        converse(desk, talk)

        assert len(desk.maildrop("mrose")) == count + (count < RECIPIENTS)


def test_a_peer_that_breaks_off_while_we_speak_ends_the_session(tmp_path: Path) -> None:
    async def talk(stream: MemoryStream, driver: Driver) -> None:
        await stream.write(HELLO)
        stream.abort()

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        converse(desk, talk)

        assert "session.closed" in desk.journal.getvalue()
        assert "broke" in desk.journal.getvalue()


def test_a_peer_that_does_not_read_its_replies_is_left(tmp_path: Path) -> None:
    async def talk(stream: MemoryStream, driver: Driver) -> None:
        await stream.write(HELLO + b"NOOP\r\n" * 10_000)
        while "session.closed" not in desk.journal.getvalue():
            await asyncio.to_thread(lambda: None)

    with closing(Desk(tmp_path, Given())) as desk:
        converse(desk, talk, Timers(idle=0.1, close=0.1))

        assert "why=timeout" in desk.journal.getvalue()


def test_one_octet_at_a_time_does_not_hold_a_place_for_ever(tmp_path: Path) -> None:
    async def talk(stream: MemoryStream, driver: Driver) -> None:
        await stream.write(TO_DATA + b"text\r\n")
        assert codes(await heard(stream, b"421"))[-1] == b"421 4.4.2"

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        converse(desk, talk, Timers(idle=30, message=0.1))

        assert [] == desk.maildrop("mrose")
        assert [] == desk.leftovers()


def test_a_sender_that_was_refused_has_a_moment_to_stop_sending(tmp_path: Path) -> None:
    async def talk(stream: MemoryStream, driver: Driver) -> None:
        await stream.write(TO_DATA + b"a\nb\r\n")
        assert codes(await heard(stream, b"521"))[-1] == b"521 5.5.2"
        await stream.write(b"x" * 200_000)  # taken and thrown away
        await stream.write(b"\r\n.\r\nNOOP\r\n")
        assert await stream.read() == b""

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        converse(desk, talk, Timers(idle=30, linger=10))

        assert "delivery.refused" in desk.journal.getvalue()


def test_a_session_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        pool = Pool("disk", threads=1, waiting=5)
        ours, theirs = memory_pair()
        session = asyncio.ensure_future(Driver(ours, desk.services(pool, Timers())).run())
        await theirs.write(TO_DATA)
        await heard(theirs, b"354")
        await theirs.write(b"x" * 100_000)
        while not desk.leftovers():
            await asyncio.to_thread(lambda: None)
        session.cancel()
        with pytest.raises(asyncio.CancelledError):
            await session
        await asyncio.to_thread(pool.close)

    with closing(Desk(tmp_path, Given(["mrose"]))) as desk:
        asyncio.run(run(desk))

        assert [] == desk.leftovers()


class SlowDesk(Desk):
    """A store that waits for a word before it delivers."""

    def __init__(self, folder: Path, given: Given) -> None:
        super().__init__(folder, given)
        self.has_begun = Event()
        self.may_end = Event()

    def deliver(self, kept: Kept, account: AccountId) -> str:
        self.has_begun.set()
        self.may_end.wait()
        return super().deliver(kept, account)


def test_blocking_work_ends_before_a_cancelled_session_does(tmp_path: Path) -> None:
    async def run(desk: SlowDesk) -> None:
        pool = Pool("disk", threads=1, waiting=5)
        ours, theirs = memory_pair()
        session = asyncio.ensure_future(Driver(ours, desk.services(pool, Timers())).run())
        await theirs.write(TO_DATA + b"text\r\n.\r\n")
        await asyncio.to_thread(desk.has_begun.wait)
        session.cancel()
        await asyncio.wait([session], timeout=0.02)
        assert not session.done()
        desk.may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await session
        await asyncio.to_thread(pool.close)

    with closing(SlowDesk(tmp_path, Given(["mrose"]))) as desk:
        asyncio.run(run(desk))

        # Delivered and not acknowledged: the sender tries again, and twice is better than never.
        assert [b"text\r\n"] == desk.maildrop("mrose")


def test_a_drained_session_stores_what_it_has_whole_and_takes_no_more(tmp_path: Path) -> None:
    async def run(desk: SlowDesk) -> None:
        pool = Pool("disk", threads=1, waiting=5)
        ours, theirs = memory_pair()
        driver = Driver(ours, desk.services(pool, Timers()))
        session = asyncio.ensure_future(driver.run())
        await theirs.write(TO_DATA + b"text\r\n.\r\n")
        await asyncio.to_thread(desk.has_begun.wait)
        driver.drain()
        desk.may_end.set()
        assert codes(await heard(theirs, b"421"))[-2:] == [b"250 2.0.0", b"421 4.3.2"]
        await session
        await asyncio.to_thread(pool.close)

    with closing(SlowDesk(tmp_path, Given(["mrose"]))) as desk:
        asyncio.run(run(desk))

        assert [b"text\r\n"] == desk.maildrop("mrose")


def test_one_connection_more_than_most_is_told_so(tmp_path: Path) -> None:
    async def run(desk: Desk) -> None:
        pool = Pool("disk", threads=1, waiting=5)
        service = LmtpService(desk.services(pool, Timers(close=0.1), connections=1))
        first, second = memory_pair(), memory_pair()
        session = asyncio.ensure_future(service.serve(first[0]))
        await heard(first[1], b"220")
        await service.serve(second[0])
        assert codes(await heard(second[1], b"421")) == [b"421 4.3.2"]
        service.drain()
        await session
        third = memory_pair()
        session = asyncio.ensure_future(service.serve(third[0]))
        await heard(third[1], b"220")
        await third[1].close()
        await session
        await asyncio.to_thread(pool.close)

    with closing(Desk(tmp_path, Given())) as desk:
        asyncio.run(run(desk))

        assert "connection.refused" in desk.journal.getvalue()


class SqliteFull(Exception):
    """As the driver of the database says it."""

    sqlite_errorname = "SQLITE_FULL"


@pytest.mark.parametrize(
    ("cause", "failure"),
    [
        (None, Failure.FAULT),
        (OSError(errno.EIO, "x"), Failure.FAULT),
        (OSError(errno.ENOSPC, "x"), Failure.NO_SPACE),
        (OSError(errno.EDQUOT, "x"), Failure.NO_SPACE),
        (SqliteFull(), Failure.NO_SPACE),
    ],
)
def test_only_a_full_disk_is_said_to_be_full(cause: Exception | None, failure: Failure) -> None:
    fault = StoreFault("It failed.")
    fault.__cause__ = cause

    assert failure == failure_of(fault)
