"""Fetching: nothing is lost and nothing is doubled."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from pillarbox.archive.keep import Filed, Origin
from pillarbox.client.faults import HungUpFault, PipeliningFault
from pillarbox.collector.intake import PART_OCTETS, Intake, Keepers
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.collector.progress import Silent
from tests.archive.home import ACCOUNT, REMOTE, Home
from tests.client.fake_server import CAPABILITIES, FakeServer
from tests.collector.rig import BIG, collect, deleting, mail, without


@pytest.mark.parametrize("capabilities", [CAPABILITIES, without("PIPELINING")])
def test_every_message_is_kept_as_it_is(home: Home, capabilities: tuple[str, ...]) -> None:
    messages = mail(40) | {"big": BIG}
    fake = FakeServer(dict(messages), capabilities)

    result = collect(home, fake)

    octets = sum(map(len, messages.values()))
    assert Result(Outcome.MAIL, listed=41, collected=41, octets=octets) == result
    assert sorted(messages.values()) == sorted(home.contents())
    assert messages == fake.messages
    assert b"QUIT" == fake.heard[-1]


def test_a_second_poll_fetches_nothing(home: Home) -> None:
    fake = FakeServer(mail(20))
    collect(home, fake)
    fake.heard.clear()

    assert Result(Outcome.NONE, listed=20) == collect(home, fake)
    assert 0 == fake.count(b"RETR")


def test_an_empty_maildrop_is_no_mail(home: Home) -> None:
    assert Result(Outcome.NONE) == collect(home, FakeServer())


def test_a_partial_listing_makes_nothing_be_fetched_again(home: Home) -> None:
    fake = FakeServer(mail(20))
    collect(home, fake)
    collect(home, FakeServer(mail(2)))
    collect(home, FakeServer())

    assert Result(Outcome.NONE, listed=20) == collect(home, fake)
    assert 20 == fake.count(b"RETR")


def test_a_cut_half_way_keeps_what_came_and_the_next_poll_brings_the_rest(home: Home) -> None:
    messages = mail(200)
    fake = FakeServer(messages, cut_after=6000)

    cut = collect(home, fake)
    whole = collect(home, replace(fake, cut_after=None))

    assert Outcome.SOCKET is cut.outcome
    assert isinstance(cut.fault, HungUpFault | PipeliningFault)
    assert 0 < cut.collected < 200
    assert 200 - cut.collected == whole.collected
    assert sorted(messages.values()) == sorted(home.contents())


def test_a_message_that_is_cut_leaves_nothing(home: Home) -> None:
    result = collect(home, FakeServer({"big": BIG}, cut_after=2 * PART_OCTETS))

    assert 0 == result.collected
    assert [] == list((home.folder / "blobs" / "incoming").iterdir())


@pytest.mark.parametrize("sizes", [[], [PART_OCTETS], [PART_OCTETS, 1], [PART_OCTETS - 1, 1]])
def test_a_message_comes_in_parts_of_any_size(home: Home, sizes: list[int]) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for size in sizes:
            yield b"x" * size

    async def take() -> None:
        keepers = Keepers(home.archive)
        intake = Intake(keepers, Silent())
        await intake.take(1, Origin(REMOTE, ACCOUNT, "a"), chunks())
        await intake.settle()
        keepers.close()

    asyncio.run(take())
    assert [b"x" * sum(sizes)] == home.contents()


def test_the_same_octets_are_kept_once(home: Home) -> None:
    result = collect(home, FakeServer({"a": BIG, "b": BIG}))

    assert (1, 1) == (result.collected, result.known)
    assert [BIG] == home.contents()


def test_without_uidl_the_content_decides(home: Home) -> None:
    messages = mail(3)
    fake = FakeServer(messages, says={b"UIDL": b"-ERR what\r\n"})

    assert Outcome.MAIL is collect(home, fake).outcome
    assert (Outcome.NONE, 3) == (
        (again := collect(home, fake)).outcome,
        again.known,
    )
    assert sorted(messages.values()) == sorted(home.contents())


def test_messages_that_share_a_unique_id_are_told_apart_by_content(home: Home) -> None:
    messages = mail(3)
    fake = FakeServer(messages, says={b"UIDL": b"+OK\r\n1 a\r\n2 a\r\n3 b\r\n.\r\n"})

    collect(home, fake)
    again = collect(home, fake, deleting(1))

    assert (0, 2) == (again.collected, again.known)
    assert sorted(messages.values()) == sorted(home.contents())
    assert messages == fake.messages


def test_a_message_that_the_server_refuses_is_left_for_the_next_poll(home: Home) -> None:
    fake = FakeServer(mail(3), says={b"RETR 2": b"-ERR [SYS/TEMP] later\r\n"})

    result = collect(home, fake)
    assert (Outcome.SERVER, 2, 1) == (result.outcome, result.collected, result.refused)
    fake.says.clear()
    assert 1 == collect(home, fake).collected


def test_progress_is_told_of_octets_and_of_what_is_durable(home: Home) -> None:
    @dataclass
    class Watcher:
        plan: tuple[int, int] = (0, 0)
        octets: int = 0
        durable: list[int] = field(default_factory=list)

        def planned(self, messages: int, octets: int) -> None:
            self.plan = (messages, octets)

        def received(self, octets: int) -> None:
            self.octets += octets

        def kept(self, filed: Filed) -> None:
            self.durable.append(len(home.ledger.entries(REMOTE)))

    messages = mail(5)
    watcher = Watcher()
    collect(home, FakeServer(messages), progress=watcher)

    total = sum(map(len, messages.values()))
    assert ((5, total), total) == (watcher.plan, watcher.octets)
    assert all(there >= told for told, there in enumerate(watcher.durable, start=1))
