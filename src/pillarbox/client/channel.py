"""A conversation on a stream: commands go out, answers come in, no wait is without a deadline."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from pillarbox.base.errors import Bug, PeerFault
from pillarbox.client.faults import HungUpFault, refused
from pillarbox.client.sent import Sent
from pillarbox.net.deadline import within
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
from pillarbox.wire.pop3.commands import Command

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

    @property
    def end_point(self) -> bytes | None:
        """What a login can be bound to: RFC 5929, section 4."""
        return self._stream.end_point

    async def send(self, commands: Sequence[Command]) -> None:
        """Send these in one go; raises UnsendableFault too, and then has sent none."""
        octets = b"".join([self._conversation.send(command) for command in commands])
        for command in commands:
            self.sent.note(command)
        async with within(self._seconds):
            await self._stream.write(octets)

    async def answer(self) -> Answer:
        """Return what the server says next."""
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
        """Return the lines of a listing, its first line too; raises RefusedFault on `-ERR`."""
        reply = await self.reply()
        if not reply.is_ok:
            raise refused(reply, self.sent)
        lines = []
        while not isinstance(answer := await self.answer(), End):
            lines.append(expected(answer, ReplyLine).line)
        return lines

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
