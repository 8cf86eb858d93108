"""Listings, messages and removal over a session."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from pillarbox.base.errors import PeerFault
from pillarbox.client.connection import TOP_OCTETS
from pillarbox.client.faults import (
    BadListingFault,
    HungUpFault,
    MessageTooLargeFault,
    PipeliningFault,
    RefusedFault,
)
from pillarbox.client.listing import Listed, Listing
from pillarbox.client.window import FIRST
from pillarbox.net.stream import Stream
from pillarbox.wire.pop3.commands import Command
from pillarbox.wire.pop3.verbs import Retr
from tests.client.fake_server import CAPABILITIES, HANG_UP, FakeServer, Session
from tests.client.sessions import CLEAR, MAIL, logged_in, retrieved, run, without

# Listings


@pytest.mark.parametrize("capabilities", [CAPABILITIES, without("PIPELINING")])
def test_a_listing_has_numbers_octets_and_unique_ids(capabilities: tuple[str, ...]) -> None:
    async def listing() -> Listing:
        return await (await logged_in(FakeServer(MAIL, capabilities))).listing()

    expected = [Listed(1, 22, "aaa"), Listed(2, 200_018, "bbb"), Listed(3, 0, "ccc")]
    assert expected == list(run(listing()))


def test_a_server_without_uidl_lists_numbers_and_octets() -> None:
    async def listing() -> Listing:
        fake = FakeServer(MAIL, says={b"UIDL": b"-ERR what\r\n"})
        return await (await logged_in(fake)).listing()

    assert [None, None, None] == [listed.unique_id for listed in run(listing())]


@pytest.mark.parametrize("line", [b"1 2\r\n1 3", b"one 2", b"", b"1", b"99999999999 1"])
def test_a_listing_that_cannot_be_understood_is_a_fault(line: bytes) -> None:
    async def listing() -> Listing:
        fake = FakeServer(says={b"LIST": b"+OK\r\n" + line + b"\r\n.\r\n"})
        return await (await logged_in(fake)).listing()

    with pytest.raises(BadListingFault):
        run(listing())


def test_odd_listings_are_read_as_they_are_meant() -> None:
    async def listing() -> Listing:
        octets = b"+OK\r\n1  120 octets\r\n 2\tmany\r\n.\r\n"
        unique_ids = b"+OK\r\n1   ../a b\r\n3 \xe9\r\n.\r\n"
        fake = FakeServer(says={b"LIST": octets, b"UIDL": unique_ids})
        return await (await logged_in(fake)).listing()

    assert [Listed(1, 120, "../a"), Listed(2, 0, None), Listed(3, 0, "é")] == list(run(listing()))


def test_a_refused_listing_is_a_fault_with_the_servers_words() -> None:
    async def listing() -> Listing:
        fake = FakeServer(says={b"LIST": b"-ERR [SYS/TEMP] not now\r\n"})
        return await (await logged_in(fake)).listing()

    with pytest.raises(RefusedFault, match="not now") as refused:
        run(listing())
    assert "SYS/TEMP" == refused.value.code


# Messages


@dataclass
class FirstOnly(FakeServer):
    """Answers the first command of a row only; the others get `refusal`."""

    refusal: bytes = b"-ERR one at a time\r\n"

    def session(self, stream: Stream) -> Session:
        return FirstOnlySession(self, stream)


class FirstOnlySession(Session):
    async def hear(self) -> None:
        heard = len(self.server.heard)
        octets = await self.stream.read()
        self.is_over = not octets
        for line in octets.split(b"\r\n")[:-1]:
            self.server.heard.append(line)
            if len(self.server.heard) == heard + 1:
                await self.answer(line)
            elif isinstance(self.server, FirstOnly):
                await self.say(self.server.refusal)


@pytest.mark.parametrize("capabilities", [CAPABILITIES, without("PIPELINING")])
def test_messages_come_as_they_are_on_the_server(capabilities: tuple[str, ...]) -> None:
    async def everything() -> dict[int, bytes | None]:
        return await retrieved(await logged_in(FakeServer(MAIL, capabilities)), [1, 2, 3])

    assert {1: MAIL["aaa"], 2: MAIL["bbb"], 3: b""} == run(everything())


def test_a_refused_message_leaves_the_others_alone() -> None:
    async def everything() -> dict[int, bytes | None]:
        fake = FakeServer(MAIL, says={b"RETR 2": b"-ERR gone\r\n"})
        return await retrieved(await logged_in(fake), [1, 2, 3])

    assert {1: MAIL["aaa"], 2: None, 3: b""} == run(everything())


def test_what_a_caller_leaves_of_a_message_is_read_past() -> None:
    fake = FakeServer(MAIL, says={b"RETR 1": b"-ERR gone\r\n"})

    async def numbers() -> list[int]:
        connection = await logged_in(fake)
        seen = [number async for number, _ in connection.retrieve([1, 2, 3])]
        await connection.quit()
        return seen

    assert [1, 2, 3] == run(numbers())


def test_a_bounded_number_of_commands_is_under_way() -> None:
    fake = FakeServer({str(number): b"x\r\n" for number in range(60)})

    async def everything() -> dict[int, bytes | None]:
        return await retrieved(await logged_in(fake), list(range(1, 61)))

    assert 60 == len(run(everything()))
    assert 2 <= fake.most_lines_at_once < 60


def test_what_has_come_in_can_be_read_where_nothing_more_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeServer({str(number): b"x\r\n" for number in range(60)})
    seen: list[int] = []

    async def everything() -> None:
        connection = await logged_in(fake)
        send = connection._channel.send

        async def broken(commands: Sequence[Command]) -> None:
            if Retr(FIRST + 1) in commands:
                raise PeerFault("The connection broke.")
            await send(commands)

        monkeypatch.setattr(connection._channel, "send", broken)
        async for number, _ in connection.retrieve(range(1, 61)):
            seen.append(number)  # what was seen before the fault counts

    with pytest.raises(PeerFault, match="broke"):
        run(everything())
    assert list(range(1, FIRST + 1)) == seen


def test_no_commands_are_in_a_row_where_none_are_wanted() -> None:
    fake = FakeServer(MAIL)
    server = replace(CLEAR, pipelining=False)

    async def everything() -> dict[int, bytes | None]:
        connection = await logged_in(fake, server)
        await connection.listing()
        return await retrieved(connection, [1, 2, 3])

    assert {1: MAIL["aaa"], 2: MAIL["bbb"], 3: b""} == run(everything())
    assert 1 == fake.most_lines_at_once


def test_what_is_refused_in_a_row_is_asked_for_alone() -> None:
    fake = FirstOnly(MAIL)

    async def everything() -> dict[int, bytes | None]:
        return await retrieved(await logged_in(fake), [1, 2, 3])

    assert {1: MAIL["aaa"], 2: MAIL["bbb"], 3: b""} == run(everything())


def test_unique_ids_that_are_refused_in_a_row_are_asked_for_alone() -> None:
    async def listing() -> Listing:
        return await (await logged_in(FirstOnly(MAIL))).listing()

    assert ["aaa", "bbb", "ccc"] == [listed.unique_id for listed in run(listing())]


@pytest.mark.parametrize("reply", [b"", HANG_UP, b"garbage\r\n", b"-"])
def test_a_server_that_answers_no_row_is_named_as_such(reply: bytes) -> None:
    fake = FirstOnly(MAIL, refusal=reply)
    server = replace(CLEAR, timeout_seconds=0.2)

    async def listing() -> None:
        await (await logged_in(fake, server)).listing()

    with pytest.raises(PipeliningFault):
        run(listing())


def test_what_breaks_behind_a_row_that_was_answered_is_no_fault_of_pipelining() -> None:
    fake = FakeServer(MAIL, says={b"RETR 1": HANG_UP})

    async def first() -> None:
        connection = await logged_in(fake)
        await connection.listing()
        await retrieved(connection, [1, 2])

    with pytest.raises(HungUpFault):
        run(first())


def test_a_message_without_an_end_is_not_read_for_ever() -> None:
    server = replace(CLEAR, message_octets=100_000)

    async def everything() -> dict[int, bytes | None]:
        return await retrieved(await logged_in(FakeServer(MAIL), server), [1, 2, 3])

    with pytest.raises(MessageTooLargeFault) as fault:
        run(everything())
    assert 2 == fault.value.number


def test_top_keeps_a_bounded_part_of_what_a_server_sends() -> None:
    async def tops() -> list[bytes]:
        connection = await logged_in(FakeServer(MAIL))
        return [await connection.top(1, 0), await connection.top(2, 0), await connection.top(3, 0)]

    assert [MAIL["aaa"], MAIL["bbb"][:TOP_OCTETS], b""] == run(tops())


def test_only_what_the_server_marked_is_said_to_be_marked() -> None:
    fake = FakeServer(dict(MAIL), says={b"DELE 2": b"-ERR no\r\n"})

    async def delete() -> list[int]:
        async with await logged_in(fake) as connection:
            marked = await connection.delete([1, 2])
            assert await connection.quit()
        return marked

    assert [1] == run(delete())
    assert ["bbb", "ccc"] == list(fake.messages)


def test_unique_ids_can_be_asked_for_again() -> None:
    fake = FakeServer(MAIL, says={b"UIDL 2": b"-ERR no\r\n", b"UIDL 3": b"+OK maybe\r\n"})

    async def unique_ids() -> dict[int, str]:
        return await (await logged_in(fake)).unique_ids([1, 2, 3])

    assert {1: "aaa"} == run(unique_ids())


def test_leaving_without_quit_removes_nothing() -> None:
    fake = FakeServer(dict(MAIL))

    async def leave() -> None:
        async with await logged_in(fake) as connection:
            await connection.delete([1])

    run(leave())
    assert MAIL == fake.messages


def test_a_refused_quit_is_said() -> None:
    async def leave() -> bool:
        return await (await logged_in(FakeServer(says={b"QUIT": b"-ERR some\r\n"}))).quit()

    assert run(leave()) is False
