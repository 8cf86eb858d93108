"""Peers that take their time: each wait has an end that no octet puts off.

The rows are those of the threat model: tl3, sl1, bp1, px1.
"""

import asyncio
from contextlib import suppress

import pytest

from pillarbox.server.services import Timers
from tests.hostile.hall import SECONDS, Caller, Hall, House, client_hello, until, visit

SHORT = House(timers=Timers(pre_login=0.2), header_seconds=0.2)
SHORT_HANDSHAKE = House(timers=Timers(handshake=0.2))
HEADER = b"PROXY TCP4 203.0.113.9 192.0.2.1 56324 995\r\n"


async def reach_handshake(hall: Hall, kind: str) -> Caller:
    """Connect and go to where the ClientHello is waited for."""
    caller = await (hall.enter(kind) if kind == "plain" else hall.connect(kind))
    if kind == "plain":
        assert (await caller.ask(b"STLS\r\n")).startswith(b"+OK")
    if kind == "proxied":
        await caller.say(HEADER)
    return caller


KINDS = ["plain", "secure", "proxied"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0, 1, 100, -1])
@pytest.mark.parametrize("house", [SHORT, SHORT_HANDSHAKE])
def test_a_handshake_that_is_never_finished_ends_by_the_timer(
    kind: str, part: int, house: House
) -> None:
    async def talk(hall: Hall) -> None:
        caller = await reach_handshake(hall, kind)
        await caller.say(client_hello()[:part])
        assert b"" == await caller.rest()
        await until(hall.ended)
        peer = "203.0.113.9" if kind == "proxied" else "127.0.0.1"
        closed = f"session.closed peer={peer} why=timeout session="
        assert any(event.startswith(closed) for event in hall.events)

    visit(talk, house)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("house", [SHORT, SHORT_HANDSHAKE])
def test_a_handshake_one_octet_at_a_time_gets_no_more_time(kind: str, house: House) -> None:
    async def talk(hall: Hall) -> None:
        caller = await reach_handshake(hall, kind)
        for octet in client_hello():  # some 300 octets: five times what there is time for
            if hall.ended():
                break
            with suppress(OSError):
                await caller.say(bytes([octet]))
            await asyncio.sleep(0.005)
        assert hall.ended()
        assert hall.events[-1].partition(" session=")[0].endswith("why=timeout")

    visit(talk, house)


def test_a_timer_that_octets_put_off_would_never_end_such_a_handshake() -> None:
    # The control of the test above: the same octets, and a server that takes each for progress.
    async def talk(hall: Hall) -> None:
        caller = await hall.connect("secure")
        for octet in client_hello()[:-1]:
            for driver in hall.service._drivers:
                if driver._peer._wait is not None:
                    driver._peer._wait.reschedule(asyncio.get_running_loop().time() + SECONDS)
            await caller.say(bytes([octet]))
            await asyncio.sleep(0.005)
        assert not hall.ended()

    visit(talk, SHORT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_peer_that_leaves_within_the_handshake_is_gone_before_any_timer(kind: str) -> None:
    async def talk(hall: Hall) -> None:
        caller = await reach_handshake(hall, kind)
        await caller.say(client_hello()[:100])
        caller.leave()
        await until(hall.ended)
        assert not hall.events[-1].partition(" session=")[0].endswith("why=timeout")

    visit(talk)


@pytest.mark.parametrize("octets", [b"", HEADER[:-1], b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"])
def test_a_proxy_that_does_not_end_its_header_is_closed_by_the_timer(octets: bytes) -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.connect("proxied")
        await caller.say(octets)
        assert b"" == await caller.rest()
        assert ["connection.refused peer=127.0.0.1 why=no-header"] == hall.events

    visit(talk, SHORT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_with_no_window_is_left_by_the_autologout_and_loses_no_mail(kind: str) -> None:
    house = House(timers=Timers(autologout=0.2), message=(b"x" * 78 + b"\r\n") * 50_000)

    async def talk(hall: Hall) -> None:
        caller = await hall.enter(kind)
        await caller.login()
        caller.stop_reading()
        await caller.say(b"DELE 1\r\n" + b"RETR 2\r\n" * 10 + b"QUIT\r\n")
        await until(hall.ended)
        assert hall.events[-1].partition(" session=")[0].endswith("why=timeout")
        assert "messages.removed" not in hall.journal.getvalue()
        other = await hall.enter(kind)
        assert b"+OK 2 messages\r\n" == await other.login()
        await other.quit()
        caller.leave()

    visit(talk, house)
