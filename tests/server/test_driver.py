"""What a session does when the clock, a slow client, a disk or the operator is against it."""

import asyncio
import re
import time
from contextlib import suppress
from threading import Event

import pytest

from pillarbox.base.errors import Bug, OperatorFault, PeerFault, StoreFault
from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.net.pool import Pool
from pillarbox.net.stream import READ_OCTETS
from pillarbox.net.tls import secure_as_client
from pillarbox.server.driver import Driver
from pillarbox.server.effects import Commit
from pillarbox.server.limits import Connections, Limits
from pillarbox.server.services import Timers
from tests.dialogues.port import contexts
from tests.server.rig import LOGIN, SECONDS, FakeReader, FakeStore, Rig, Talk, converse

TEMPORARY = b"-ERR [SYS/TEMP] Try again later.\r\n"


# Timers


@pytest.mark.parametrize("octets", [b"x", b"CAPA\r\n", b"USER mrose\r\nPASS wrong\r\n"])
def test_before_login_one_deadline_holds_whatever_trickles_in(octets: bytes) -> None:
    rig = Rig(timers=Timers(pre_login=0.05))

    async def talk(talk: Talk) -> None:
        while not talk.session.done():
            try:
                await talk.stream.write(octets)
            except PeerFault:
                break
            await asyncio.sleep(0.005)

    converse(rig, talk)

    assert rig.why == "timeout"


def test_before_login_a_client_that_does_not_read_has_no_more_time_either() -> None:
    rig = Rig(timers=Timers(pre_login=0.05))

    async def talk(talk: Talk) -> None:
        with pytest.raises(PeerFault):
            await talk.stream.write(b"CAPA\r\n" * 100_000)
        await talk.session

    converse(rig, talk)

    assert rig.why == "timeout"


def test_the_handshake_is_under_the_deadline_too() -> None:
    rig = Rig(timers=Timers(pre_login=0.05), tls=contexts()[0], is_secure=True)

    async def talk(talk: Talk) -> None:
        assert await talk.rest() == b""

    converse(rig, talk)

    assert rig.why == "timeout"


def test_autologout_says_nothing_and_removes_nothing() -> None:
    rig = Rig(timers=Timers(autologout=0.05))

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"DELE 1\r\n")
        await talk.stream.write(b"NOO")  # octets are no command
        assert await talk.rest() == b""

    converse(rig, talk)

    assert rig.why == "timeout"
    assert rig.store.count() == 2
    assert not rig.store.is_leased()


class SlowReader(FakeReader):
    """A disk that takes longer than the autologout."""

    def read(self, octets: int) -> bytes:
        time.sleep(0.15)
        return super().read(octets)


class SlowStore(FakeStore):
    def read(self, digest: object) -> SlowReader:
        return SlowReader(100, None)


@pytest.mark.slow
def test_a_long_reply_leaves_the_whole_autologout_for_the_next_command() -> None:
    rig = Rig(store=SlowStore(100), timers=Timers(autologout=0.2))

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"RETR 1\r\n", b"\r\n.\r\n")  # two reads: longer than the timer
        assert await talk.ask(b"NOOP\r\n") == b"+OK\r\n"

    converse(rig, talk)


class StuckStream(MemoryStream):
    """A peer that never takes the last octets."""

    async def close(self) -> None:
        await asyncio.Event().wait()


def test_a_peer_that_does_not_take_the_last_octets_is_left() -> None:
    def pair() -> tuple[MemoryStream, MemoryStream]:
        ours, theirs = memory_pair()
        ours.__class__ = StuckStream
        return ours, theirs

    rig = Rig(timers=Timers(close=0.05))

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        await talk.ask(b"QUIT\r\n")
        await talk.session

    converse(rig, talk, pair)

    assert rig.why == "timeout"


# Bounded memory


def test_a_client_that_does_not_read_makes_us_hold_a_bounded_part_of_a_message() -> None:
    octets = 50_000_000
    rig = Rig(store=FakeStore(octets))

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.stream.write(b"RETR 1\r\n")
        for _ in range(1000):
            await asyncio.sleep(0)
        assert 0 < rig.store.readers[0].taken <= 4 * READ_OCTETS
        count = 0
        last = b""
        while not last.endswith(b"\r\n.\r\n"):
            more = await talk.stream.read()
            count += len(more)
            last = (last + more)[-5:]
        assert count == len(b"+OK 50000000 octets\r\n") + octets + len(b".\r\n")

    converse(rig, talk)


def test_a_client_that_goes_away_in_the_middle_of_a_message_ends_the_session() -> None:
    rig = Rig(store=FakeStore(5_000_000))

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"DELE 1\r\nRSET\r\nRETR 1\r\n", b"x")
        await talk.stream.close()
        await talk.session

    converse(rig, talk)

    assert "The connection broke." in rig.why
    assert not rig.store.is_leased()


# Faults


def test_a_fault_in_the_middle_of_a_message_closes_without_a_final_dot() -> None:
    rig = Rig(store=FakeStore(500_000))
    rig.store.fails_after = 200_000

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.stream.write(b"RETR 1\r\nQUIT\r\n")
        heard = await talk.rest()
        assert heard.startswith(b"+OK 500000 octets\r\n")
        assert b"\r\n.\r\n" not in heard
        assert b"-ERR" not in heard

    converse(rig, talk)

    assert "session.failed" in rig.journal.getvalue()
    assert rig.store.readers[0].closed
    assert not rig.store.is_leased()


def test_a_message_that_cannot_be_opened_is_an_error_and_the_session_goes_on() -> None:
    rig = Rig()
    rig.store.faults.add("read")

    async def talk(talk: Talk) -> None:
        await talk.login()
        for command in (b"RETR 1\r\n", b"TOP 1 0\r\n"):
            assert await talk.ask(command) == b"-ERR [SYS/TEMP] The message cannot be read now.\r\n"
        assert await talk.ask(b"NOOP\r\n") == b"+OK\r\n"

    converse(rig, talk)

    assert "message.unreadable" in rig.journal.getvalue()


def test_a_removal_that_fails_is_said_and_the_lease_goes_back() -> None:
    rig = Rig()
    rig.store.faults.add("remove")

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"DELE 1\r\n")
        heard = await talk.ask(b"QUIT\r\n")
        assert heard == b"-ERR [SYS/TEMP] The removal failed. Log in again to see what is left.\r\n"
        assert await talk.rest() == b""

    converse(rig, talk)

    assert "removal.failed" in rig.journal.getvalue()
    assert rig.store.count() == 2
    assert not rig.store.is_leased()


def test_a_session_that_marked_nothing_ends_well_though_what_it_had_is_not_on_record() -> None:
    rig = Rig()
    rig.store.faults.add("remove")

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"RETR 1\r\n", b"\r\n.\r\n")
        assert await talk.ask(b"QUIT\r\n") == b"+OK Goodbye.\r\n"
        assert await talk.rest() == b""

    converse(rig, talk)

    assert "had.failed" in rig.journal.getvalue()
    assert "removal.failed" not in rig.journal.getvalue()
    assert not rig.store.is_leased()


def test_a_maildrop_that_does_not_open_is_tried_again_later() -> None:
    rig = Rig()
    rig.store.faults.add("open")

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        assert await talk.ask(LOGIN, b"later.\r\n") == b"+OK\r\n" + TEMPORARY
        rig.store.faults.clear()
        assert await talk.ask(LOGIN, b"messages\r\n") == b"+OK\r\n+OK 2 messages\r\n"

    converse(rig, talk)


def test_accounts_that_cannot_be_read_refuse_nobody_for_good() -> None:
    def fail(name: str, secret: Secret) -> Identity | None:
        raise StoreFault("The database is locked.")

    rig = Rig(try_password=fail)

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        assert await talk.ask(LOGIN, b"later.\r\n") == b"+OK\r\n" + TEMPORARY

    converse(rig, talk)

    assert "login.refused" in rig.journal.getvalue()


def test_an_account_that_was_disabled_during_the_proof_does_not_come_in() -> None:
    rig = Rig(may_enter=False)

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        said = await talk.ask(LOGIN, b"accepted.\r\n")
        assert said == b"+OK\r\n-ERR [AUTH] Name or password not accepted.\r\n"
        assert not rig.store.is_leased()

    converse(rig, talk)


def test_a_server_that_its_administrator_must_mend_says_so() -> None:
    def fail(name: str, secret: Secret) -> Identity | None:
        raise OperatorFault("The master key is missing.")

    rig = Rig(try_password=fail)

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        said = await talk.ask(LOGIN, b"administrator.\r\n")
        assert said == b"+OK\r\n-ERR [SYS/PERM] The server needs its administrator.\r\n"

    converse(rig, talk)

    assert "misconfigured" in rig.journal.getvalue()


@pytest.mark.parametrize("name", ["hashing", "disk"])
def test_where_too_much_waits_a_login_is_tried_again_later(name: str) -> None:
    pool = Pool(name, threads=1, waiting=0)
    rig = Rig(hashing=pool) if name == "hashing" else Rig(disk=pool)
    may_end = Event()

    async def talk(talk: Talk) -> None:
        busy = pool.start(may_end.wait)
        await talk.until(b"ready.\r\n")
        assert await talk.ask(LOGIN, b"later.\r\n") == b"+OK\r\n" + TEMPORARY
        may_end.set()
        await busy

    converse(rig, talk)


# The lease


def wait_until_free(store: FakeStore) -> None:
    while store.is_leased():
        time.sleep(0.001)


def test_the_lease_is_back_before_the_goodbye_is_read() -> None:
    # So long that the goodbye makes us wait for the reader.
    rig = Rig(store=FakeStore(READ_OCTETS - 26))

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.stream.write(b"RETR 1\r\nQUIT\r\n")
        async with asyncio.timeout(SECONDS):
            await asyncio.to_thread(wait_until_free, rig.store)
        assert not talk.session.done()
        assert (await talk.rest()).endswith(b"+OK Goodbye.\r\n")

    converse(rig, talk)

    assert rig.why == "end"


def test_a_session_cancelled_while_a_maildrop_opens_gives_the_lease_back() -> None:
    rig = Rig()
    rig.store.may_end.clear()

    async def talk(talk: Talk) -> None:
        await talk.stream.write(LOGIN)
        await asyncio.to_thread(rig.store.has_begun.wait)
        talk.session.cancel()
        rig.store.may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await talk.session

    converse(rig, talk)

    assert not rig.store.is_leased()


def test_a_session_cancelled_while_a_maildrop_fails_to_open_has_no_lease() -> None:
    rig = Rig()
    rig.store.may_end.clear()
    rig.store.faults.add("open")

    async def talk(talk: Talk) -> None:
        await talk.stream.write(LOGIN)
        await asyncio.to_thread(rig.store.has_begun.wait)
        talk.session.cancel()
        rig.store.may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await talk.session

    converse(rig, talk)

    assert not rig.store.is_leased()


def test_a_session_cancelled_while_it_removes_holds_the_lease_until_that_is_done() -> None:
    rig = Rig()

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"DELE 1\r\n")
        rig.store.has_begun.clear()
        rig.store.may_end.clear()
        await talk.stream.write(b"QUIT\r\n")
        await asyncio.to_thread(rig.store.has_begun.wait)
        talk.session.cancel()
        await asyncio.sleep(0)
        assert rig.store.is_leased()
        rig.store.may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await talk.session

    converse(rig, talk)

    assert not rig.store.is_leased()
    assert rig.store.count() == 1


# Draining


def test_a_drained_session_that_waits_ends_without_a_word() -> None:
    rig = Rig()

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"DELE 1\r\n")
        talk.driver.drain()
        talk.driver.drain()
        assert await talk.rest() == b""

    converse(rig, talk)

    assert rig.store.count() == 2
    assert not rig.store.is_leased()


def test_a_drained_session_ends_its_reply_first() -> None:
    rig = Rig(store=FakeStore(500_000))

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"RETR 1\r\n", b"x")
        talk.driver.drain()
        assert (await talk.rest()).endswith(b"\r\n.\r\n")

    converse(rig, talk)

    assert rig.why == "end"


def test_a_drained_session_begins_and_awaits_no_handshake() -> None:
    rig = Rig(tls=contexts()[0], is_secure=True)

    async def talk(talk: Talk) -> None:
        await asyncio.sleep(0)
        talk.driver.drain()
        assert await talk.rest() == b""

    converse(rig, talk)

    assert rig.why == "drained"


# TLS


def test_octets_that_wait_behind_stls_end_the_session() -> None:
    # The first read ends with the STLS; what is behind it is still on the stream.
    rig = Rig(tls=contexts()[0])
    before = b"x" * (READ_OCTETS - 8) + b"\r\nSTLS\r\n"

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        sent = asyncio.create_task(talk.stream.write(before + b"USER mrose\r\n"))
        heard = await talk.rest()
        assert heard == b"-ERR Line too long.\r\n-ERR Octets came in behind STLS.\r\n"
        with suppress(PeerFault):  # nobody took all of it
            await sent

    converse(rig, talk)


def test_stls_secures_a_stream_in_memory_as_well() -> None:
    rig = Rig(tls=contexts()[0])

    async def talk(talk: Talk) -> None:
        await talk.until(b"ready.\r\n")
        await talk.ask(b"STLS\r\n", b"TLS.\r\n")
        talk.stream = await secure_as_client(talk.stream, contexts()[1], "localhost")
        assert await talk.ask(LOGIN, b"messages\r\n") == b"+OK\r\n+OK 2 messages\r\n"
        assert await talk.ask(b"QUIT\r\n") == b"+OK Goodbye.\r\n"

    converse(rig, talk)
    assert re.search(r'login.accepted .* tls="TLSv1.3 TLS_\w+"', rig.journal.getvalue())


def test_a_handshake_that_fails_ends_the_session() -> None:
    rig = Rig(tls=contexts()[0], is_secure=True)

    async def talk(talk: Talk) -> None:
        await talk.stream.write(b"USER mrose\r\n")
        await talk.session

    converse(rig, talk)

    assert "handshake failed" in rig.why


def test_tls_without_a_certificate_is_our_own_mistake() -> None:
    async def talk(talk: Talk) -> None:
        await asyncio.wait([talk.session])

    with pytest.raises(Bug, match="certificate"):
        converse(Rig(is_secure=True), talk)


def test_a_removal_without_a_maildrop_is_our_own_mistake() -> None:
    async def run() -> None:
        rig = Rig()
        driver = Driver(memory_pair()[0], rig.services(), Connections(Limits()))
        await driver._perform(Commit([]))

    with pytest.raises(Bug, match="maildrop"):
        asyncio.run(run())
