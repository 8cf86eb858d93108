"""A conversation on a stream: commands go out, answers come in, no wait is without a deadline."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from pillarbox.base.errors import Bug, PeerFault
from pillarbox.client.faults import HungUpFault, PipeliningFault, refused
from pillarbox.client.sent import Sent
from pillarbox.net.deadline import TooSlowFault, within
from pillarbox.net.stream import Stream
from pillarbox.sasl.apop import find_timestamp
from pillarbox.wire.pop3.answers import (
    Answer,
    End,
    Greeting,
    Reply,
    ReplyLine,
    StlsInjectionFault,
)
from pillarbox.wire.pop3.client import ClientConversation
from pillarbox.wire.pop3.commands import AuthCancel, Command
from pillarbox.wire.pop3.verbs import AuthResponse

A = TypeVar("A")
Secure = Callable[[Stream], Awaitable[Stream]]  # runs the handshake, or raises TlsFault


class Channel:
    """Every call raises PeerFault where the server errs, goes away or is too slow."""

    def __init__(self, stream: Stream, seconds: float, *, is_secure: bool) -> None:
        self._stream = stream
        self._seconds = seconds
        self._conversation = ClientConversation()
        self.is_secure = is_secure
        self.timestamp: bytes | None = None  # for APOP: RFC 1939, section 7
        self.sent = Sent()  # no fault may repeat it
        self._places = deque[int]()  # of commands that wait for a reply, each in its row when sent
        self._proven = 1  # the highest place that was answered

    @property
    def end_point(self) -> bytes | None:
        """What a login can be bound to: RFC 5929, section 4."""
        return self._stream.end_point

    async def send(self, commands: Sequence[Command]) -> None:
        """Send these in one go; raises UnsendableFault too, and then has sent none."""
        octets = b"".join([self._conversation.send(command) for command in commands])
        for command in commands:
            self.sent.note(command)
            if not isinstance(command, AuthResponse | AuthCancel):  # these have no reply of theirs
                self._places.append(len(self._places) + 1)
        async with within(self._seconds):
            await self._stream.write(octets)

    async def answer(self) -> Answer:
        """Return what the server says next; raises PipeliningFault where that may be the reason."""
        try:
            answer = await self._answer()
        except PeerFault as fault:
            # What has worked once is not to blame for a path that breaks later.
            if self._may_lie(fault):
                raise PipeliningFault(
                    "The server does not answer several commands in a row: {why}", why=fault
                ) from fault
            raise
        if isinstance(answer, Reply):
            self._proven = max(self._proven, self._places.popleft())
        return answer

    def _may_lie(self, fault: PeerFault) -> bool:
        """Say whether a fault may come from the row of commands that is under way."""
        longest = max(self._places, default=0)
        if isinstance(fault, TooSlowFault):  # a longer row than any before may have lost its end
            return longest > self._proven
        return longest > 1 and self._proven == 1

    async def _answer(self) -> Answer:
        while (answer := self._conversation.next_answer()) is None:
            async with within(self._seconds):
                octets = await self._stream.read()
            if not octets:
                raise HungUpFault("The server closed the connection.")
            self._conversation.feed(octets)
        return answer

    async def greeting(self) -> Greeting:
        """Return the server's first line."""
        greeting = expected(await self.answer(), Greeting)
        self.timestamp = find_timestamp(greeting.text.encode("utf-8"))
        return greeting

    async def reply(self) -> Reply:
        """Return the first line of the next reply."""
        return expected(await self.answer(), Reply)

    async def ask(self, command: Command) -> Reply:
        """Send one command and return the first line of its reply."""
        await self.send([command])
        return await self.reply()

    async def lines(self) -> list[bytes]:
        """Return the lines of a short listing; raises RefusedFault on `-ERR`."""
        return [line async for line in self.each_line()]

    async def each_line(self) -> AsyncIterator[bytes]:
        """Yield the lines of a listing; raises RefusedFault on `-ERR`, before the first."""
        reply = await self.reply()
        if not reply.is_ok:
            raise refused(reply, self.sent)
        while not isinstance(answer := await self.answer(), End):
            yield expected(answer, ReplyLine).line

    async def secure(self, secure: Secure) -> None:
        """Begin TLS.

        Raises StlsInjectionFault where octets have come in already, before one octet goes out.
        """
        self._conversation.secured()
        if self._stream.has_unread:
            raise StlsInjectionFault("Octets came in behind the +OK to STLS.")
        async with within(self._seconds):
            self._stream = await secure(self._stream)
        self.is_secure = True
        self.timestamp = None  # it came in plaintext, where anybody may have put it

    async def close(self) -> None:
        """Close; never raises PeerFault."""
        try:
            async with within(self._seconds):
                await self._stream.close()
        except PeerFault:
            self._stream.abort()

    def abort(self) -> None:
        """Close at once."""
        self._stream.abort()


def expected(answer: Answer, kind: type[A]) -> A:
    """Return the answer; raises Bug where it is of another kind."""
    # The conversation matches answers with commands; only a caller can mix them up.
    if not isinstance(answer, kind):
        raise Bug("An answer was taken for another.")
    return answer
