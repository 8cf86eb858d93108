"""A session with a server, in the words of somebody who wants mail."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import Self

from pillarbox.base.secret import Secret
from pillarbox.client.channel import Channel
from pillarbox.client.faults import RefusedFault, refused
from pillarbox.client.listing import Listing, ListingReader, read_named
from pillarbox.client.login import log_in
from pillarbox.client.retrieval import IncomingMessage, Retrieval
from pillarbox.client.server import Server
from pillarbox.client.window import Window
from pillarbox.wire.pop3.announced import Announced, read_announced
from pillarbox.wire.pop3.answers import Reply
from pillarbox.wire.pop3.commands import Command
from pillarbox.wire.pop3.verbs import Capa, Dele, List, Noop, Quit, Top, Uidl

SHORT_WINDOW = 100  # commands under way with one-line replies: below any socket's buffer
TOP_OCTETS = 65_536  # what is kept of a reply to TOP; some servers send the whole message


class Connection:
    """One session; made by `connect`. Leaving its context closes it.

    Every call waits at most the server's timeout for each thing it waits for, and raises a
    PeerFault where the server errs, goes away or is too slow; then only leaving is of use.
    """

    def __init__(self, channel: Channel, server: Server) -> None:
        self._channel = channel
        self._server = server
        self._announced: Announced | None = None
        self._listing = ListingReader()
        self._is_over = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Without QUIT nothing is removed (RFC 1939, section 6), so there is nothing to wait for.
        if self._is_over:
            await self._channel.close()
        else:
            self._channel.abort()

    async def capabilities(self) -> Announced:
        """Return what the server announces now, nothing where it has no CAPA."""
        if self._announced is None:
            await self._channel.send([Capa()])
            try:
                self._announced = read_announced(await self._channel.lines())
            except RefusedFault:
                self._announced = Announced()
        return self._announced

    async def facts(self) -> Announced:
        """Return what the server announces of its manners."""
        return await self.capabilities()

    async def login(self, name: str, password: Secret) -> None:
        """Return once the maildrop is ours.

        Messages are asked for as they are, in UTF-8 where they are (RFC 6856, section 2).

        Raises MechanismMissingFault, PasswordWithoutTlsFault, BeyondAsciiFault, UnfitFault and
        UnsendableFault before the name or the password is sent; GarbageFault; MechanismFault where
        the server has not proven itself; and NotAcceptedFault, RemoteInUseFault or TryLaterFault.
        """
        announced = await self.capabilities()
        await log_in(self._channel, self._server, announced, name, password)
        self._announced = None  # RFC 2449, section 5: more may be announced now

    async def listing(self) -> Listing:
        """Return what is in the maildrop; raises RefusedFault where it cannot be listed."""
        is_pipelining = await self._is_pipelining()
        await self._channel.send([List(), Uidl()] if is_pipelining else [List()])
        reader = self._listing = ListingReader()
        async for line in self._channel.each_line():
            reader.listed(line)
        await self._read_unique_ids(reader, is_pipelining=is_pipelining)
        return reader.finish()

    async def _read_unique_ids(self, reader: ListingReader, *, is_pipelining: bool) -> None:
        """Read the lines of UIDL, none where the server has none."""
        if is_pipelining:
            with suppress(RefusedFault):
                async for line in self._channel.each_line():
                    reader.named(line)
                return
        # Asked for in a row, it may have been refused for that.
        await self._channel.send([Uidl()])
        with suppress(RefusedFault):
            async for line in self._channel.each_line():
                reader.named(line)

    async def retrieve(
        self, numbers: Iterable[int]
    ) -> AsyncGenerator[tuple[int, AsyncIterator[bytes]], None]:
        """Yield each number and its message's octets, un-stuffed, in chunks.

        The chunks of a message raise RefusedFault where the server refuses it; the next message
        can be had then. MessageTooLargeFault, as any other fault, and leaving before the last
        message end the session's use.
        """
        window = Window(self._listing.octets_of, is_pipelining=await self._is_pipelining())
        most = self._server.message_octets
        async for number, chunks in Retrieval(self._channel, numbers, window, most).messages():
            yield number, chunks

    async def headers(
        self, numbers: Iterable[int]
    ) -> AsyncGenerator[tuple[int, bytes | None], None]:
        """Yield each number and its header, at most TOP_OCTETS; None where it is refused."""
        window = Window(lambda _: TOP_OCTETS, is_pipelining=await self._is_pipelining())
        most = self._server.message_octets
        retrieval = Retrieval(self._channel, numbers, window, most, lambda number: Top(number, 0))
        async for number, chunks in retrieval.messages():
            try:
                yield number, await _beginning(chunks)
            except RefusedFault:
                yield number, None

    async def top(self, number: int, lines: int) -> bytes:
        """Return the header and so many lines, at most TOP_OCTETS; raises RefusedFault."""
        await self._channel.send([Top(number, lines)])
        message = IncomingMessage(self._channel, number, self._server.message_octets)
        return await _beginning(message.chunks())

    async def unique_ids(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return what the server says now; a number that it refuses is left out."""
        replies = self._replies([Uidl(number) for number in numbers])
        named = [read_named(reply.text) async for reply in replies if reply.is_ok]
        return dict(filter(None, named))

    async def delete(self, numbers: Iterable[int]) -> list[int]:
        """Mark messages; return those that the server marked. `quit` removes them."""
        replies = self._replies([Dele(number) for number in numbers])
        return [
            reply.command.number
            async for reply in replies
            if reply.is_ok and isinstance(reply.command, Dele)
        ]

    async def noop(self) -> None:
        """Do nothing, so that the server does not think that we are gone; raises RefusedFault."""
        reply = await self._channel.ask(Noop())
        if not reply.is_ok:
            raise refused(reply, self._channel.sent)

    async def quit(self) -> bool:
        """Return whether the server says that all that was marked is removed."""
        reply = await self._channel.ask(Quit())
        self._is_over = True
        return reply.is_ok

    async def _is_pipelining(self) -> bool:
        # Asked for in any case: later, when LOGIN-DELAY is wanted, the connection may be gone.
        announced = await self.capabilities()
        return self._server.pipelining and "PIPELINING" in announced

    async def _replies(self, commands: Iterable[Command]) -> AsyncIterator[Reply]:
        """Yield the replies to commands that have one line each."""
        window = SHORT_WINDOW if await self._is_pipelining() else 1
        waiting = iter(commands)
        while batch := list(islice(waiting, window)):
            await self._channel.send(batch)
            for _ in batch:
                yield await self._channel.reply()


async def _beginning(chunks: AsyncIterator[bytes]) -> bytes:
    """Return TOP_OCTETS at most, and read past the rest."""
    octets = bytearray()
    async for chunk in chunks:
        octets += chunk[: TOP_OCTETS - len(octets)]
    return bytes(octets)
