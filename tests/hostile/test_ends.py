"""Connections that are torn down, in every state: nothing is left, and no mail is lost."""

from collections.abc import Awaitable, Callable

import pytest

from tests.hostile.hall import LOGIN, Caller, Hall, House, client_hello, until, visit

BIG = House(message=(b"x" * 78 + b"\r\n") * 50_000)

Step = Callable[[Hall], Awaitable[Caller]]


async def connected(hall: Hall) -> Caller:
    return await hall.connect("plain")


async def within_a_handshake(hall: Hall) -> Caller:
    caller = await hall.connect("secure")
    await caller.say(client_hello()[:50])
    return caller


async def behind_stls(hall: Hall) -> Caller:
    caller = await hall.enter("plain")
    await caller.ask(b"STLS\r\n")
    return caller


async def greeted(hall: Hall) -> Caller:
    return await hall.enter("secure")


async def named(hall: Hall) -> Caller:
    caller = await hall.enter("secure")
    await caller.ask(b"USER mrose\r\n")
    return caller


async def challenged(hall: Hall) -> Caller:
    caller = await hall.enter("secure")
    await caller.ask(b"AUTH PLAIN\r\n")
    return caller


async def trying_a_password(hall: Hall) -> Caller:
    caller = await hall.enter("plain")
    await caller.say(LOGIN)
    return caller


async def logged_in(hall: Hall) -> Caller:
    caller = await hall.enter("plain")
    await caller.login()
    return caller


async def with_a_mark(hall: Hall) -> Caller:
    caller = await logged_in(hall)
    await caller.ask(b"DELE 1\r\n")
    return caller


async def within_a_command(hall: Hall) -> Caller:
    caller = await with_a_mark(hall)
    await caller.say(b"QUI")
    return caller


async def within_a_message(hall: Hall) -> Caller:
    caller = await with_a_mark(hall)
    await caller.ask(b"RETR 2\r\n")
    return caller


async def with_much_pipelined(hall: Hall) -> Caller:
    caller = await with_a_mark(hall)
    caller.stop_reading()
    await caller.say(b"RETR 2\r\n" * 20 + b"RSET\r\nQUIT\r\n")
    return caller


STATES = [
    connected,
    within_a_handshake,
    behind_stls,
    greeted,
    named,
    challenged,
    trying_a_password,
    logged_in,
    with_a_mark,
    within_a_command,
    within_a_message,
    with_much_pipelined,
]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("is_reset", [True, False])
def test_a_connection_that_is_torn_down_frees_its_place_and_its_lease(
    state: Step, *, is_reset: bool
) -> None:
    async def talk(hall: Hall) -> None:
        caller = await state(hall)
        if is_reset:
            caller.reset()
        else:
            caller.leave()
        await until(hall.ended)
        assert not hall.service._drivers
        other = await hall.enter("plain")
        assert b"+OK 2 messages\r\n" == await other.login()
        await other.quit()

    visit(talk, BIG)


@pytest.mark.parametrize("is_reset", [True, False])
@pytest.mark.parametrize("octets", [b"", b"PROXY TCP4 203"])
def test_a_proxied_connection_that_is_torn_down_before_its_header_frees_its_place(
    octets: bytes, *, is_reset: bool
) -> None:
    async def talk(hall: Hall) -> None:
        caller = await hall.connect("proxied")
        await caller.say(octets)
        await until(lambda: len(hall.service._proxies._waits) == 1)
        if is_reset:
            caller.reset()
        else:
            caller.leave()
        await until(lambda: not hall.service._proxies._waits)
        assert ["connection.refused peer=127.0.0.1 why=no-header"] == hall.events

    visit(talk)
