"""Messages one after another, each in chunks, with several commands under way where that helps."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress

from pillarbox.base.errors import PeerFault
from pillarbox.client.channel import Channel, expected
from pillarbox.client.faults import MessageTooLargeFault, RefusedFault, refused
from pillarbox.client.window import Window
from pillarbox.wire.pop3.answers import End, Octets
from pillarbox.wire.pop3.verbs import Retr, Top


class IncomingMessage:
    """The reply to one RETR or TOP that was sent; later replies wait until it is over.

    Of more than `most` octets, nothing more is read.
    """

    def __init__(self, channel: Channel, number: int, most: int) -> None:
        self._channel = channel
        self._number = number
        self._left = most
        self._is_begun = False
        self._is_over = False
        self._refusal: RefusedFault | None = None

    async def is_refused(self) -> bool:
        """Return whether the server gives it, once the first line of the reply has come."""
        if not self._is_begun:
            self._is_begun = True
            reply = await self._channel.reply()
            if not reply.is_ok:
                self._is_over = True
                self._refusal = refused(reply, self._channel.sent)
        return self._refusal is not None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the octets, unstuffed; raises RefusedFault before the first on `-ERR`.

        Raises MessageTooLargeFault, which ends the connection's use.
        """
        if await self.is_refused() and self._refusal is not None:
            raise self._refusal
        while octets := await self._next():
            yield octets

    async def drain(self) -> None:
        """Read past what nobody took."""
        with suppress(RefusedFault):
            async for _ in self.chunks():
                pass

    async def _next(self) -> bytes:
        """Return the next octets, nothing at the end."""
        if self._is_over:
            return b""
        answer = await self._channel.answer()
        self._is_over = isinstance(answer, End)
        octets = b"" if self._is_over else expected(answer, Octets).octets
        self._left -= len(octets)
        if self._left < 0:
            raise MessageTooLargeFault(
                "Message {number} is larger than any mail.", number=self._number
            )
        return octets


class Retrieval:
    """Asks for messages, as many at a time as the window allows."""

    def __init__(
        self,
        channel: Channel,
        numbers: Iterable[int],
        window: Window,
        most_octets: int,
        command: Callable[[int], Retr | Top] = Retr,
    ) -> None:
        self._channel = channel
        self._command = command
        self._waiting = iter(numbers)
        self._again = deque[int]()  # refused behind others: to be asked for alone
        self._doubted = set[int]()  # refused behind others
        self._alone = set[int]()  # asked for when nothing else was under way
        self._window = window
        self._most_octets = most_octets
        self._under_way = deque[int]()
        self._broken: PeerFault | None = None

    async def messages(self) -> AsyncIterator[tuple[int, AsyncIterator[bytes]]]:
        """Yield each number and its message's octets.

        RFC 2449, section 6.6. What the caller leaves of a message is read past. The connection is
        of no further use where the caller leaves before the last message.
        """
        while await self._has_more():
            number = self._under_way[0]
            message = IncomingMessage(self._channel, number, self._most_octets)
            is_refused = await message.is_refused()
            if is_refused and number not in self._alone:
                # A server that lies about PIPELINING may refuse all but the first of a row.
                self._window.refused(self._under_way.popleft())
                self._again.append(number)
                self._doubted.add(number)
                continue
            if is_refused and number in self._doubted:
                self._window.widen()  # it meant it
            self._alone.discard(self._under_way.popleft())
            yield number, message.chunks()
            await message.drain()
            self._window.came(number)
        if self._broken is not None:
            raise self._broken

    async def _has_more(self) -> bool:
        """Ask for what there is room for; return whether anything is under way."""
        if self._window.is_due and not self._broken:
            more = self._taken()
            try:
                await self._ask(more)
            except PeerFault as fault:
                self._broken = fault  # what has come in already can still be read
            else:
                self._under_way += more
        return bool(self._under_way)

    def _taken(self) -> list[int]:
        taken: list[int] = []
        while self._window.has_room():
            number = self._again.popleft() if self._again else next(self._waiting, None)
            if number is None:
                break
            if not self._under_way and not taken:
                self._alone.add(number)
            self._window.asked(number)
            taken.append(number)
        return taken

    async def _ask(self, numbers: Iterable[int]) -> None:
        commands = [self._command(number) for number in numbers]
        if commands:
            await self._channel.send(commands)
