"""Performs a session's effects on a stream: all the waiting, reading and writing of one connection.

What is sent is gathered into blocks of bounded size; the peer's slowness is ours. Every wait has a
deadline, and a session that passes one ends without a word (RFC 1939, section 3).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any, TypeVar

from pillarbox.base.errors import Bug, Fault, OperatorFault, PeerFault, StoreFault
from pillarbox.base.names import AccountId, Identity
from pillarbox.net.pool import PoolFullError
from pillarbox.net.stream import READ_OCTETS, Stream
from pillarbox.net.tls import secure_as_server
from pillarbox.sasl.exchange import (
    Ask,
    FindScram,
    Refusal,
    ScramAccount,
    TryDigest,
    TryPassword,
    TryToken,
)
from pillarbox.server.asking import asked
from pillarbox.server.chance import new_nonce, new_timestamp
from pillarbox.server.channel import Channel
from pillarbox.server.effects import (
    Closed,
    Commit,
    Effect,
    NoteRefused,
    OpenMaildrop,
    Receive,
    Secured,
    Send,
    StartTls,
    Transmit,
)
from pillarbox.server.limits import Connections
from pillarbox.server.sending import sent_chunks, to_its_end
from pillarbox.server.services import Services
from pillarbox.server.session import Effects, Session
from pillarbox.store.store import Maildrop, MaildropInUseError, Message

T = TypeVar("T")
# What waits for nothing never gives way by itself: so many effects, and others have their turn.
TURN_EFFECTS = 100


class Driver:
    """One connection."""

    def __init__(self, stream: Stream, services: Services, connections: Connections) -> None:
        self._stream = stream
        self._services = services
        self._connections = connections
        self._maildrop: Maildrop | None = None
        self._account: AccountId | None = None
        self._tls: str | None = None  # version and cipher suite
        self._unsent = bytearray()
        self._deadline = _now() + services.timers.pre_login
        self._has_acted = False  # since octets were last asked for
        self._is_draining = False
        self._wait: asyncio.Timeout | None = None  # for the client

    async def run(self, *, is_secure: bool, effects: Effects | None = None) -> None:
        """Serve the connection to its end; `effects` are another session's than POP3's.

        Raises CancelledError, and Bug where we broke a rule.
        """
        services = self._services
        why = "error"
        try:
            end_point = await self._secure() if is_secure else None
            channel = Channel(
                is_secure=is_secure,
                offers_stls=services.tls is not None,
                end_point=end_point,
                timestamp=new_timestamp(services.site.hostname) if services.site.apop else None,
            )
            why = await self._live(effects or Session(services.site, channel, new_nonce).run())
        except TimeoutError:
            why = "drained" if self._is_draining else "timeout"
        except PeerFault as fault:
            why = str(fault)
        except StoreFault as fault:
            services.journal.note("session.failed", peer=self._stream.peer, why=fault)
        finally:
            await self._leave(why)

    def drain(self) -> None:
        """End the session as soon as it only waits for its client."""
        self._is_draining = True
        if self._wait is not None and not self._wait.expired():
            self._wait.reschedule(_now())

    async def _live(self, effects: Effects) -> str:
        """Perform effects until the session or the connection is over; return how it ended."""
        answer: Any = None
        with suppress(StopIteration):
            for number in count(1):
                effect = effects.send(answer)
                answer = await self._perform(effect)
                if number % TURN_EFFECTS == 0:
                    await asyncio.sleep(0)
        await self._flush()
        async with asyncio.timeout(self._services.timers.close):
            await self._stream.close()
        return "end"

    async def _leave(self, why: str) -> None:
        self._stream.abort()
        self._release()
        self._connections.leave(self._stream.peer, was_admitted=self._account is not None)
        self._services.journal.note("session.closed", peer=self._stream.peer, why=why)

    def _release(self) -> None:
        if self._maildrop is not None:
            self._maildrop.release()

    async def _perform(self, effect: Effect) -> object:
        answer: object = None
        match effect:
            case Receive():
                answer = await self._receive()
            case Send(octets):
                await self._send(octets)
            case StartTls(ready, refusal):
                answer = await self._start_tls(ready, refusal)
            case TryPassword() | TryDigest() | FindScram() | TryToken():
                answer = await self._ask(effect)
            case NoteRefused():
                self._note_refused("password", None)
            case OpenMaildrop(identity):
                answer = await self._open(identity)
            case Transmit():
                answer = await self._transmit(effect)
            case Commit(marked):
                answer = await self._commit(list(marked))
        self._has_acted = not isinstance(effect, Receive)
        return answer

    # Octets

    async def _receive(self) -> bytes:
        await self._flush()
        if self._has_acted and self._account is not None:
            # RFC 1939, section 3: any command resets the timer; octets alone do not. It runs from
            # the end of the reply, so that a long download leaves all of it.
            self._deadline = _now() + self._services.timers.autologout
        try:
            return await self._wait_for(self._stream.read)
        except TimeoutError:
            if not self._is_draining:
                raise
            return b""

    async def _wait_for(self, step: Callable[[], Awaitable[T]]) -> T:
        """Wait for the client, up to the deadline; a drain ends it."""
        if self._is_draining:
            raise TimeoutError
        try:
            async with asyncio.timeout_at(self._deadline) as self._wait:
                return await step()
        finally:
            self._wait = None

    async def _send(self, octets: bytes) -> None:
        self._unsent += octets
        if len(self._unsent) >= READ_OCTETS:
            await self._flush()

    async def _flush(self) -> None:
        if self._unsent:
            octets = bytes(self._unsent)
            self._unsent.clear()
            async with asyncio.timeout_at(self._write_deadline()):
                await self._stream.write(octets)

    def _write_deadline(self) -> float:
        # Before login there is one deadline for everything; a long reply has one for each block.
        if self._account is None:
            return self._deadline
        return _now() + self._services.timers.autologout

    async def _start_tls(self, ready: bytes, refusal: bytes) -> Secured | None:
        if self._stream.has_unread:
            await self._send(refusal)
            return None
        await self._send(ready)
        await self._flush()
        return Secured(await self._secure())

    async def _secure(self) -> bytes | None:
        """Run the handshake; return the channel binding, where there is one."""
        certificates = self._services.tls
        if certificates is None:
            raise Bug("TLS was asked for where there is no certificate.")
        # Octets that trickle in do not make it longer.
        async with asyncio.timeout(self._services.timers.handshake):
            secured = await self._wait_for(partial(secure_as_server, self._stream, certificates))
        self._stream, self._tls = secured, secured.parameters
        return secured.end_point

    # The other rooms

    async def _ask(self, ask: Ask) -> Identity | ScramAccount | Refusal:
        """Ask the accounts; what is slow on purpose waits apart from what is not."""
        try:
            answer = await asked(ask, self._services)
        except (PoolFullError, StoreFault) as fault:
            self._note_refused("busy", fault)
            return Refusal.TRY_LATER
        except OperatorFault as fault:
            self._note_refused("misconfigured", fault)
            return Refusal.TELL_ADMINISTRATOR
        return Refusal.NOT_ACCEPTED if answer is None else answer

    def _note_refused(self, why: str, fault: Fault | None) -> None:
        fields = {} if fault is None else {"fault": fault}
        self._services.journal.note("login.refused", peer=self._stream.peer, why=why, **fields)

    async def _open(self, identity: Identity) -> object:
        services = self._services
        try:
            opening = services.disk.start(services.store.open_maildrop, identity.account)
            opening.add_done_callback(self._take)
            maildrop = await to_its_end(opening)
            # POP1 and POP2 may open a maildrop again; they have logged in once.
            is_again = self._account is not None
            may_begin = is_again or await services.disk.run(services.admission.begin, identity)
        except MaildropInUseError:
            self._note_refused("in-use", None)
            return Closed.IN_USE
        except (PoolFullError, StoreFault) as fault:
            self._note_refused("busy", fault)
            self._release()
            return Closed.TRY_LATER
        if not may_begin:
            self._note_refused("login-delay", None)
            self._release()
            return Closed.LOGIN_DELAY
        if not is_again:
            self._note_accepted(identity)
        return maildrop.messages

    def _note_accepted(self, identity: Identity) -> None:
        self._account = identity.account
        self._connections.admit(self._stream.peer)
        known = {"device": identity.device, "tls": self._tls}
        fields = {name: value for name, value in known.items() if value is not None}
        self._services.journal.note(
            "login.accepted", peer=self._stream.peer, account=identity.account, **fields
        )

    def _take(self, opening: "asyncio.Future[Maildrop]") -> None:
        # Also where the session was cancelled meanwhile: what is held here is given back.
        if not opening.cancelled() and opening.exception() is None:
            self._maildrop = opening.result()

    async def _transmit(self, effect: Transmit) -> bool:
        try:
            reader = self._services.store.read(effect.message.digest)
        except StoreFault as fault:
            self._services.journal.note("message.unreadable", why=fault)
            return False
        try:
            # A StoreFault from here on ends the connection: the client must not see a final dot.
            await self._send(effect.first)
            async for chunk in sent_chunks(effect, reader, self._services.disk):
                await self._send(chunk)
        finally:
            reader.close()
        return True

    async def _commit(self, marked: list[Message]) -> bool:
        if self._maildrop is None:
            raise Bug("There is no maildrop to remove from.")
        journal, account = self._services.journal, self._account
        try:
            if marked:
                await to_its_end(self._services.disk.start(self._maildrop.commit, marked))
                journal.note("messages.removed", account=account, count=len(marked))
        except (PoolFullError, StoreFault) as fault:
            journal.note("removal.failed", account=account, why=fault)
            return False
        self._release()
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
