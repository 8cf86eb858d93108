"""Performs a session's effects on a stream: all the waiting, reading and writing of one connection.

A message passes through in blocks of bounded size, to the disk and off the event loop. Every wait
has a deadline.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from pillarbox.base.errors import PeerFault, StoreFault
from pillarbox.base.names import AccountId
from pillarbox.delivery.arrival import Arrival, failure_of
from pillarbox.delivery.effects import (
    Deliver,
    Drop,
    Effect,
    Failure,
    Keep,
    Receive,
    Refusal,
    Resolve,
    Send,
    Stop,
    Write,
)
from pillarbox.delivery.services import Services
from pillarbox.delivery.session import Session
from pillarbox.net.pool import PoolFullError
from pillarbox.net.stream import READ_OCTETS, Stream
from pillarbox.store.blobs.port import CHUNK_OCTETS
from pillarbox.store.quota import MaildropFullError, NeverFitsError
from pillarbox.store.store import Kept

NEVER = float("inf")

P = ParamSpec("P")
T = TypeVar("T")


class Driver:
    """One connection."""

    def __init__(self, stream: Stream, services: Services) -> None:
        self._stream = stream
        self._services = services
        self._unsent = bytearray()
        self._unwritten = bytearray()
        self._arrival = Arrival(services.store)
        self._failure: Failure | None = None
        self._message_deadline = NEVER
        self._linger_deadline = NEVER
        self._is_draining = False
        self._waiting: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Serve the connection to its end. Raises nothing but CancelledError."""
        why = "error"
        try:
            why = await self._live(Session(self._services.hostname, self._services.message_octets))
        except TimeoutError:
            why = "timeout"
        except PeerFault as fault:
            why = str(fault)
        finally:
            self._stream.abort()
            await self._drop()
            self._note("session.closed", why=why)

    def drain(self) -> None:
        """End the session as soon as it only waits for its peer; a message half sent is lost."""
        self._is_draining = True
        if self._waiting is not None:
            self._waiting.reschedule(_now())

    async def _live(self, session: Session) -> str:
        """Perform effects until the session or the connection is over; return how it ended."""
        effects = session.run()
        answer: Any = None
        with suppress(StopIteration):
            while True:
                answer = await self._perform(effects.send(answer))
        await self._flush()
        async with asyncio.timeout(self._services.timers.close):
            await self._stream.close()
        return "end"

    async def _perform(self, effect: Effect) -> object:
        answer: object = None
        match effect:
            case Receive(lingers):
                answer = await self._receive(lingers=lingers)
            case Send(octets):
                await self._send(octets)
            case Resolve(recipient):
                answer = await self._resolve(recipient)
            case Write(octets):
                await self._write(octets)
            case Drop(why):
                self._note("delivery.refused", why=why)
                await self._drop()
            case Keep():
                answer = await self._keep()
            case Deliver(kept, accounts):
                answer = await self._deliver(kept, accounts)
        return answer

    def _note(self, event: str, **fields: object) -> None:
        self._services.journal.note(event, peer=self._stream.peer, protocol="lmtp", **fields)

    # Octets

    async def _receive(self, *, lingers: bool) -> bytes | Stop:
        await self._flush()
        timers = self._services.timers
        if lingers:
            self._linger_deadline = min(self._linger_deadline, _now() + timers.linger)
        deadline = min(_now() + timers.idle, self._message_deadline, self._linger_deadline)
        try:
            async with asyncio.timeout_at(deadline) as self._waiting:
                if self._is_draining:
                    return Stop.SHUTDOWN
                return await self._stream.read()
        except TimeoutError:
            return self._why_stopped()
        finally:
            self._waiting = None

    def _why_stopped(self) -> Stop:
        return Stop.SHUTDOWN if self._is_draining else Stop.IDLE

    async def _send(self, octets: bytes) -> None:
        self._unsent += octets
        if len(self._unsent) >= READ_OCTETS:
            await self._flush()

    async def _flush(self) -> None:
        if self._unsent:
            octets = bytes(self._unsent)
            self._unsent.clear()
            async with asyncio.timeout(self._services.timers.idle):
                await self._stream.write(octets)

    # The other rooms

    async def _resolve(self, recipient: str) -> AccountId | Refusal:
        services = self._services
        try:
            found = await self._off_the_loop(services.recipients.resolve, recipient)
        except (PoolFullError, StoreFault) as fault:
            self._note("delivery.failed", why=fault)
            return Refusal.TRY_LATER
        if isinstance(found, Refusal):
            self._note("recipient.refused", why=found.name.lower())
        return found

    async def _write(self, octets: bytes) -> None:
        self._message_deadline = min(self._message_deadline, _now() + self._services.timers.message)
        self._unwritten += octets
        if len(self._unwritten) < CHUNK_OCTETS:
            return
        block = self._take_unwritten()
        if self._failure is None:
            self._failure = await self._attempt(self._arrival.write, block)

    async def _keep(self) -> Kept | Failure:
        block = self._take_unwritten()
        kept: Kept | Failure | None = self._failure
        if kept is None:
            kept = await self._attempt(self._arrival.keep, block)
        await self._drop()
        return kept

    async def _drop(self) -> None:
        """Leave nothing behind of a message that was not kept, and be ready for the next one."""
        arrival, self._arrival = self._arrival, Arrival(self._services.store)
        self._failure = None
        self._unwritten.clear()
        self._message_deadline = NEVER
        try:
            await self._off_the_loop(arrival.drop)
        except PoolFullError:
            arrival.drop()

    async def _deliver(self, kept: Kept, accounts: Sequence[AccountId]) -> Sequence[Failure | None]:
        # All at once: the database commits together what waits together.
        return await asyncio.gather(*(self._copy(kept, account) for account in accounts))

    async def _copy(self, kept: Kept, account: AccountId) -> Failure | None:
        try:
            result = await self._attempt(self._services.store.deliver, kept, account)
        except (MaildropFullError, NeverFitsError) as fault:
            self._note("delivery.refused", why="quota", account=account, octets=kept.octets)
            return failure_of(fault)
        if isinstance(result, Failure):
            return result
        self._note("delivery.accepted", account=account, octets=kept.octets)
        return None

    def _take_unwritten(self) -> bytes:
        block = bytes(self._unwritten)
        self._unwritten.clear()
        return block

    async def _attempt(
        self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T | Failure:
        """Return what `work` returns, or why it failed: no disk is asked the same thing twice."""
        try:
            return await self._off_the_loop(work, *args, **kwargs)
        except (PoolFullError, StoreFault) as fault:
            self._note("delivery.failed", why=fault)
            return failure_of(fault)

    async def _off_the_loop(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work; where we are cancelled it ends first, as it has our files in use."""
        future = self._services.disk.start(work, *args, **kwargs)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


def _now() -> float:
    return asyncio.get_running_loop().time()
