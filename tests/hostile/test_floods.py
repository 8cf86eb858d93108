"""Many connections at a time: the limits hold, and who is not the flood gets in.

The rows are those of the threat model: tl2, sl2, bf2, bp2.
"""

import asyncio

import pytest

from pillarbox.server.limits import Limits
from pillarbox.server.services import Timers
from tests.hostile.hall import Caller, Hall, House, client_hello, until, visit
from tests.server.rig import Rig, Talk, converse

MOST = 20
FLOOD = 60
TOO_MANY = b"-ERR [SYS/TEMP] Too many connections.\r\n"
TIGHT = House(limits=Limits(per_source=MOST))
TIGHT_BEFORE_LOGIN = House(limits=Limits(per_source_unauthenticated=MOST))


def refusals(hall: Hall) -> int:
    return sum(event.endswith("why=limit") for event in hall.events)


@pytest.mark.parametrize("house", [TIGHT, TIGHT_BEFORE_LOGIN])
@pytest.mark.parametrize("kind", ["plain", "secure"])
def test_a_flood_from_one_source_keeps_no_other_source_out(kind: str, house: House) -> None:
    async def talk(hall: Hall) -> None:
        flood = [await hall.connect(kind) for _ in range(FLOOD)]
        await until(lambda: refusals(hall) == FLOOD - MOST)
        assert len(hall.service._drivers) == MOST
        other = await hall.enter(kind, "127.0.0.2")
        assert b"+OK 2 messages\r\n" == await other.login()
        await other.quit()
        for caller in flood:
            caller.leave()
        await until(lambda: hall.ended(MOST + 1))
        again = await hall.enter(kind)
        await again.quit()

    visit(talk, house)


def test_who_is_one_too_many_hears_so_where_no_tls_is_before_it() -> None:
    async def talk(hall: Hall) -> None:
        flood = [await hall.connect("plain") for _ in range(MOST)]
        await until(lambda: len(hall.service._drivers) == MOST)
        late = await hall.connect("plain")
        assert TOO_MANY == await late.rest()
        late = await hall.connect("secure")
        assert b"" == await late.rest()
        for caller in flood:
            caller.leave()

    visit(talk, TIGHT)


def test_behind_a_proxy_a_source_is_who_is_in_the_header() -> None:
    async def connect(hall: Hall, source: str) -> Caller:
        caller = await hall.connect("proxied")
        family = "6" if ":" in source else "4"
        target = "::1" if ":" in source else "192.0.2.1"
        await caller.say(f"PROXY TCP{family} {source} {target} 56324 995\r\n".encode())
        return caller

    async def talk(hall: Hall) -> None:
        # One IPv4 address in both its spellings, and one IPv6 /64, each in twice their number.
        for number in range(MOST * 2):
            await connect(hall, "198.51.100.7" if number % 2 else "::ffff:198.51.100.7")
            await connect(hall, f"2001:db8:1:2::{number:x}")
        await until(lambda: refusals(hall) == 2 * MOST)
        assert 2 * MOST == len(hall.service._drivers)
        for source in ("198.51.100.8", "2001:db8:1:3::1"):
            other = await connect(hall, source)
            await other.secure()
            await other.line()
            assert b"+OK 2 messages\r\n" == await other.login()
            await other.quit()
        names = {event.split()[1] for event in hall.events if event.endswith("why=limit")}
        assert "peer=198.51.100.7" in names
        assert not [name for name in names if "127.0.0.1" in name or "ffff" in name]

    visit(talk, TIGHT)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["secure", "proxied"])
def test_200_half_handshakes_at_a_time_leave_room_for_a_whole_one(kind: str) -> None:
    limits = Limits(per_source=200, per_source_unauthenticated=200)
    house = House(limits=limits, timers=Timers(pre_login=2.0))
    hello = client_hello()

    async def talk(hall: Hall) -> None:
        for number in range(200):
            caller = await hall.connect(kind, "127.0.0.1")
            if kind == "proxied":
                await caller.say(b"PROXY TCP4 198.51.100.7 192.0.2.1 1 995\r\n")
            await caller.say(hello[: 1 + number % (len(hello) - 1)])
        await until(lambda: len(hall.service._drivers) == 200)
        other = await (hall.enter(kind) if kind == "proxied" else hall.enter(kind, "127.0.0.2"))
        assert b"+OK 2 messages\r\n" == await other.login()
        await until(lambda: len(hall.service._drivers) == 1)  # the timer has ended the flood
        assert (await other.ask(b"NOOP\r\n")).startswith(b"+OK")
        await other.quit()

    visit(talk, house)


def turns_of_others() -> int:
    """Return how many turns another task has while 10,000 commands are answered."""
    turns = 0

    async def talk(talk: Talk) -> None:
        nonlocal turns
        await talk.login()
        await talk.stream.write(b"NOOP\r\n" * 10_000)
        replies = 0
        while replies < 10_000:
            await asyncio.sleep(0)
            turns += 1
            if talk.stream.has_unread:
                replies += (await talk.stream.read()).count(b"+OK\r\n")

    converse(Rig(), talk)
    return turns


@pytest.mark.parametrize(("seconds", "gives_way"), [(0, True), (3_600, False)])
def test_a_storm_of_commands_gives_way_when_its_turn_is_over(
    seconds: float, gives_way: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pillarbox.server.driver.TURN_SECONDS", seconds)

    assert gives_way == (turns_of_others() >= 1_000)


@pytest.mark.slow
def test_commands_without_end_leave_others_their_turn() -> None:
    async def storm(caller: Caller) -> None:
        async def listen() -> None:
            while await caller.reader.read(65_536):
                pass

        listening = asyncio.create_task(listen())
        try:
            while True:
                await caller.say(b"NOOP\r\n" * 10_000)
        finally:
            listening.cancel()

    async def talk(hall: Hall) -> None:
        noisy = await hall.enter("plain")
        assert b"+OK 2 messages\r\n" == await noisy.login()
        storming = asyncio.create_task(storm(noisy))
        quiet = await hall.enter("plain", "127.0.0.2")
        for _ in range(20):
            assert (await quiet.ask(b"USER mrose\r\n")).startswith(b"+OK")
        assert not storming.done()
        storming.cancel()
        noisy.leave()

    visit(talk)
