"""Performs a session's effects: the client's octets, and what the other rooms do for it.

A session that passes a deadline ends without a word (RFC 1939, section 3).
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from pillarbox.base.errors import PeerFault, StoreFault
from pillarbox.base.names import Ended
from pillarbox.net.pool import PoolFullError
from pillarbox.net.stream import Stream
from pillarbox.sasl.exchange import FindScram, TryDigest, TryPassword, TryToken
from pillarbox.server.arrival import Arrival
from pillarbox.server.effects import (
    Commit,
    Effect,
    Effects,
    NoteRefused,
    OpenMaildrop,
    Receive,
    Send,
    StartTls,
    Transmit,
    Watch,
)
from pillarbox.server.limits import Connections
from pillarbox.server.proving import Proving
from pillarbox.server.sending import sent_chunks, to_its_end
from pillarbox.server.services import Services
from pillarbox.server.visit import Visit

# What waits for nothing never gives way by itself: after so many seconds others have their turn.
TURN_SECONDS = 0.01

# A session, of the channel binding where TLS is on; who is told its commands.
Begin = Callable[[bytes | None, Watch], Effects]


class Driver:
    """One connection."""

    def __init__(
        self,
        stream: Stream,
        services: Services,
        connections: Connections,
        protocol: str = "pop3",
    ) -> None:
        self._visit = Visit(stream, services, protocol)
        self._services = services
        self._peer = self._visit.peer
        self._ending = self._visit.ending
        self._timeline = self._visit.timeline
        self._proving = Proving(self._visit)
        self._arrival = Arrival(self._visit, self._proving, connections)
        self._has_acted = False  # since octets were last asked for
        self._is_committing = False

    async def run(self, begin: Begin, *, is_secure: bool) -> None:
        """Serve the connection to its end, over TLS from the first octet where `is_secure`.

        Raises CancelledError, and Bug where we broke a rule.
        """
        why = "error"
        try:
            end_point = await self._peer.secure(self._services.tls) if is_secure else None
            if is_secure:
                self._timeline.secured(self._peer.tls)
            why = await self._live(begin(end_point, self._timeline.heard))
        except TimeoutError:
            why = self._cut_short()
        except PeerFault as fault:
            why = str(fault)
        except StoreFault as fault:
            self._visit.note("session.failed", why=fault)
        finally:
            self._leave(why)

    def drain(self) -> None:
        """End the session as soon as it only waits for its client."""
        self._peer.drain()

    def end(self, ended: Ended) -> None:
        """End the session at once where it is one of these; an UPDATE under way ends first."""
        self._ending.hear(ended)
        self._end_where_it_has_come()

    def _end_where_it_has_come(self) -> None:
        if self._ending.has_come and not self._is_committing:
            self._peer.end()

    def _cut_short(self) -> str:
        if self._ending.has_come:
            return "revoked"
        return "drained" if self._peer.is_draining else "timeout"

    async def _live(self, effects: Effects) -> str:
        """Perform effects until the session or the connection is over; return how it ended."""
        answer: Any = None
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with suppress(StopIteration):
            while True:
                effect = effects.send(answer)
                answer = await self._perform(effect)
                if not isinstance(effect, Receive):
                    self._timeline.saw(effect, answer, self._peer.sent)
                if loop.time() - begun > TURN_SECONDS:
                    await asyncio.sleep(0)
                    begun = loop.time()
        await self._peer.close()
        return "end"

    def _leave(self, why: str) -> None:
        self._peer.abort()
        self._arrival.leave()
        self._proving.end()
        self._visit.note("session.closed", why=why, session=self._visit.session)
        self._arrival.record_end(why)

    async def _perform(self, effect: Effect) -> object:
        answer: object = None
        match effect:
            case Receive():
                self._end_where_it_has_come()  # POP2 goes on after a commit
                answer = await self._peer.receive(has_acted=self._has_acted)
            case Send(octets):
                await self._peer.send(octets)
            case StartTls(ready, refusal):
                answer = await self._peer.start_tls(self._services.tls, ready, refusal)
                if answer is not None:
                    self._timeline.secured(self._peer.tls)
            case TryPassword() | TryDigest() | FindScram() | TryToken():
                answer = await self._proving.ask(effect)
            case NoteRefused(mechanism):
                await self._proving.not_accepted(mechanism)
            case OpenMaildrop(identity, mechanism):
                self._proving.proved(identity)
                self._end_where_it_has_come()
                answer = await self._arrival.open(identity, mechanism)
            case Transmit():
                answer = await self._transmit(effect)
            case Commit():
                answer = await self._commit(effect)
        self._has_acted = not isinstance(effect, Receive)
        return answer

    # The maildrop

    async def _transmit(self, effect: Transmit) -> bool:
        try:
            reader = self._services.store.read(effect.message.digest)
        except StoreFault as fault:
            self._services.journal.note("message.unreadable", why=fault)
            return False
        try:
            # A StoreFault from here on ends the connection: the client must not see a final dot.
            await self._peer.send(effect.first)
            async for chunk in sent_chunks(effect, reader, self._services.converting):
                await self._peer.send(chunk)
        finally:
            reader.close()
        return True

    async def _commit(self, effect: Commit) -> bool:
        maildrop, marked = self._arrival.maildrop, effect.marked
        if self._ending.has_come:
            raise TimeoutError  # it ends here: nothing that was marked is removed
        journal, who = self._services.journal, self._arrival.identity
        account = None if who is None else who.account
        try:
            self._is_committing = True
            if marked or effect.had or (effect.was_listed and maildrop.is_cut):
                commit = partial(maildrop.commit, marked, effect.had, was_listed=effect.was_listed)
                await to_its_end(self._services.disk.start(commit))
            if marked:
                journal.note("messages.removed", account=account, count=len(marked))
        except (PoolFullError, StoreFault) as fault:
            if marked:
                journal.note("removal.failed", account=account, why=fault)
                return False
            journal.note("had.failed", account=account, why=fault)
        finally:
            self._is_committing = False
        self._arrival.release()
        return True
