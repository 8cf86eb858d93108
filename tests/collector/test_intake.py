"""Messages of one session on their way to the disk: none is left behind, whenever it comes."""

import asyncio
from collections.abc import AsyncIterator

from pillarbox.archive.keep import Filed, Origin
from pillarbox.collector.intake import Intake, Keepers
from pillarbox.collector.progress import Silent
from tests.archive.home import ACCOUNT, REMOTE, Home

FIRST = b"Subject: first\r\n\r\n"
SECOND = b"Subject: second\r\n\r\n"


async def whole(octets: bytes) -> AsyncIterator[bytes]:
    yield octets


def test_a_message_that_comes_when_the_one_before_has_just_been_kept_is_kept_too(
    home: Home,
) -> None:
    async def bring() -> dict[int, Filed]:
        keepers = Keepers(home.archive)
        second: list[asyncio.Task[None]] = []

        class Bringing(Silent):
            def kept(self, filed: Filed) -> None:
                if not second:  # it runs behind the keeping task's last look at what waits
                    second.append(asyncio.ensure_future(take(2, SECOND)))

        intake = Intake(keepers, Bringing())

        async def take(number: int, octets: bytes) -> None:
            origin = Origin(REMOTE, ACCOUNT, str(number), octets=len(octets))
            await intake.take(number, origin, whole(octets))

        try:
            await take(1, FIRST)
            await intake.settle()
            await second[0]
            await intake.settle()
        finally:
            keepers.close()
        return intake.filed

    filed = asyncio.run(bring())

    assert [1, 2] == sorted(filed)
    assert {FIRST, SECOND} == set(home.contents())
