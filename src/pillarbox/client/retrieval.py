"""Messages one after another, each in chunks, with several commands under way where that helps."""

from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from itertools import islice

from pillarbox.base.errors import PeerFault
from pillarbox.client.channel import Channel, expected
from pillarbox.client.faults import RefusedFault, refused
from pillarbox.wire.pop3.answers import End, Octets
from pillarbox.wire.pop3.verbs import Retr


class IncomingMessage:
    """The reply to one RETR or TOP that was sent; later replies wait until it is over."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._is_begun = False
        self._is_over = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the octets, unstuffed; raises RefusedFault before the first on `-ERR`."""
        while octets := await self._next():
            yield octets

    async def drain(self) -> None:
        """Read past what nobody took."""
        with suppress(RefusedFault):
            while await self._next():
                pass

    async def _next(self) -> bytes:
        """Return the next octets, nothing at the end."""
        if self._is_over:
            return b""
        if not self._is_begun:
            await self._begin()
        answer = await self._channel.answer()
        self._is_over = isinstance(answer, End)
        return b"" if self._is_over else expected(answer, Octets).octets

    async def _begin(self) -> None:
        self._is_begun = True
        reply = await self._channel.reply()
        if not reply.is_ok:
            self._is_over = True
            raise refused(reply, self._channel.sent)


async def retrieve(
    channel: Channel, numbers: Iterable[int], window: int
) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
    """Yield each number and its message's octets, with at most `window` commands under way.

    RFC 2449, section 6.6. What the caller leaves of a message is read past. The connection is of
    no further use where the caller leaves before the last message.
    """
    waiting = iter(numbers)
    under_way: deque[int] = deque()
    broken: PeerFault | None = None
    while True:
        if len(under_way) <= window // 2 and not broken:  # half at a time: fewer, fuller packets
            more = list(islice(waiting, window - len(under_way)))
            try:
                await _ask(channel, more)
            except PeerFault as fault:
                broken = fault  # what has come in already can still be read
            else:
                under_way += more
        if not under_way:
            break
        message = IncomingMessage(channel)
        yield under_way.popleft(), message.chunks()
        await message.drain()
    if broken is not None:
        raise broken


async def _ask(channel: Channel, numbers: Iterable[int]) -> None:
    commands = [Retr(number) for number in numbers]
    if commands:
        await channel.send(commands)
