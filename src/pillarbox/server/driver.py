"""Performs a session's effects: the client's octets, and what the other rooms do for it.

A session that passes a deadline ends without a word (RFC 1939, section 3).
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from pillarbox.base.errors import Bug, Fault, OperatorFault, PeerFault, StoreFault
from pillarbox.base.names import AccountId, Ended, Identity, SignIn
from pillarbox.journal.session_record import SessionRecord, ranges
from pillarbox.net.pool import PoolFullError
from pillarbox.net.stream import Stream
from pillarbox.sasl.exchange import (
    Ask,
    FindScram,
    Refusal,
    ScramAccount,
    TryDigest,
    TryPassword,
    TryToken,
)
from pillarbox.server.asking import GuessedFault, asked, name_of
from pillarbox.server.chance import new_session_id
from pillarbox.server.effects import (
    Closed,
    Commit,
    Effect,
    Effects,
    NoteRefused,
    Opened,
    OpenMaildrop,
    Receive,
    Send,
    StartTls,
    Transmit,
    Watch,
)
from pillarbox.server.ending import Ending
from pillarbox.server.limits import Connections, address_of
from pillarbox.server.peer import Peer
from pillarbox.server.sending import sent_chunks, to_its_end
from pillarbox.server.services import Admitted, Denied, Services
from pillarbox.server.timeline import Timeline
from pillarbox.store.store import Maildrop, MaildropInUseError

# What waits for nothing never gives way by itself: after so many seconds others have their turn.
TURN_SECONDS = 0.01

DENIED = {
    Denied.NOT_ACCEPTED: (Closed.NOT_ACCEPTED, "not-accepted"),
    Denied.LOGIN_DELAY: (Closed.LOGIN_DELAY, "login-delay"),
}

# A maildrop, and what the door says; None: whoever opens it came in before.
Coming = tuple[Maildrop, Admitted | Denied | None]
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
        self._peer = Peer(stream, services.timers)
        self._services = services
        self._connections = connections
        self._maildrop: Maildrop | None = None
        self._session = new_session_id()
        self._protocol = protocol
        self._name = ""  # that was tried last
        self._has_asked = False  # what came of what was tried last is not noted yet
        self._account: AccountId | None = None
        self._login_delay_seconds = 0
        self._has_acted = False  # since octets were last asked for
        self._ending = Ending()
        self._timeline = Timeline(time.monotonic)
        self._began_at = int(services.sessions.now())
        self._identity: Identity | None = None  # of whoever is in
        self._tried = ""  # the name that was refused last
        self._mechanism: str | None = None
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
            self._note("session.failed", why=fault)
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
        self._release()
        self._note_left_at_the_end()
        self._connections.leave(self._peer.address, was_admitted=self._account is not None)
        self._note("session.closed", why=why, session=self._session)
        self._record_end(why)

    def _release(self) -> None:
        if self._maildrop is not None:
            self._maildrop.release()

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
                answer = await self._ask(effect)
            case NoteRefused(mechanism):
                await self._not_accepted(mechanism)
            case OpenMaildrop(identity, mechanism):
                answer = await self._open(identity, self._sign_in(mechanism))
            case Transmit():
                answer = await self._transmit(effect)
            case Commit():
                answer = await self._commit(effect)
        self._has_acted = not isinstance(effect, Receive)
        return answer

    def _note(self, event: str, **fields: object) -> None:
        known = {name: value for name, value in fields.items() if value is not None}
        self._services.journal.note(event, peer=self._peer.address, **known)

    # Logging in

    async def _ask(self, ask: Ask) -> Identity | ScramAccount | Refusal:
        """Ask the accounts; what is slow on purpose waits apart from what is not."""
        services = self._services
        if self._has_asked:
            await self._note_left()
        self._name = name_of(ask)
        try:
            mark, delay = await services.disk.run(self._before_proof, self._sign_in())
            self._ending.proof_begins(mark)
            if delay is None:
                self._note_refused("throttled")
                await self._peer.pause(services.timers.throttled)
                return Refusal.TRY_LATER
            await self._peer.pause(delay)
            answer = await asked(ask, services)
            self._has_asked = True
        except (PoolFullError, StoreFault) as fault:
            self._note_refused("busy", fault)
            await self._give_back()
            return Refusal.TRY_LATER
        except GuessedFault as fault:
            self._note_refused("busy", fault)
            await self._note_tried("")
            await self._peer.pause(services.timers.throttled)
            return Refusal.TRY_LATER
        except OperatorFault as fault:
            self._note_refused("misconfigured", fault)
            return Refusal.TELL_ADMINISTRATOR
        return Refusal.NOT_ACCEPTED if answer is None else answer

    async def _give_back(self) -> None:
        """Let what was not tried be no failure; whoever asks on and on waits for that."""
        services = self._services
        with suppress(PoolFullError, StoreFault):
            await services.disk.run(services.admission.give_back, self._sign_in())
        await self._peer.pause(services.timers.throttled)

    def _before_proof(self, sign_in: SignIn) -> tuple[int, float | None]:
        # The mark first: what ends sessions after it may be what the proof is made against.
        services = self._services
        return services.endings.mark(), services.admission.delay(self._name, sign_in)

    def _sign_in(self, mechanism: str = "") -> SignIn:
        peer = self._peer
        source = str(address_of(peer.address) or peer.address)
        return SignIn(self._session, source, self._protocol, peer.tls, mechanism)

    async def _not_accepted(self, mechanism: str) -> None:
        self._note_refused("not-accepted")
        if not self._has_asked:
            # Nobody can be called that, or there was no secret: nothing was tried, and nothing is
            # counted or written. Nor is it free.
            await self._peer.pause(self._services.timers.throttled)
            return
        await self._note_tried(mechanism)

    async def _note_tried(self, mechanism: str) -> None:
        """Have what was tried count as refused."""
        self._has_asked = False
        services = self._services
        with suppress(PoolFullError, StoreFault):  # it counts as a failure already
            await services.disk.run(
                services.admission.refused, self._name, self._sign_in(mechanism)
            )

    async def _note_left(self) -> None:
        """Note that a client left an exchange as refused: it may know what it wanted to know.

        SCRAM shows that a proof is right before its end, and a bearer token's refusal waits for an
        answer.
        """
        await self._not_accepted("")

    def _note_left_at_the_end(self) -> None:
        if not self._has_asked:
            return
        self._note_refused("not-accepted")
        services = self._services
        with suppress(PoolFullError):  # nobody waits for it
            services.disk.start(services.admission.refused, self._name, self._sign_in())

    def _note_refused(self, why: str, fault: Fault | None = None) -> None:
        self._timeline.note(why)
        self._tried = self._name
        self._note("login.refused", why=why, fault=fault)

    async def _open(self, identity: Identity, sign_in: SignIn) -> Opened | Closed:
        self._has_asked = False
        self._ending.proved(identity)  # before the account's state is read
        self._end_where_it_has_come()
        try:
            # In one turn of a thread: to hand over costs more than most of what is done there.
            coming = self._services.disk.start(self._come_in, identity, sign_in)
            coming.add_done_callback(self._take)
            maildrop, admitted = await to_its_end(coming)
        except MaildropInUseError:
            return self._refuse(Closed.IN_USE, "in-use")
        except (PoolFullError, StoreFault) as fault:
            return self._refuse(Closed.TRY_LATER, "busy", fault)
        if admitted is not None:
            self._mechanism = sign_in.mechanism
        if isinstance(admitted, Denied):
            self._release()
            return self._refuse(*DENIED[admitted])
        if admitted is not None:
            self._accept(identity, admitted)
        return Opened(maildrop.messages, maildrop.expire_days, self._login_delay_seconds)

    def _come_in(self, identity: Identity, sign_in: SignIn) -> Coming:
        """Take the lease, then ask at the door; blocking. A fault gives the lease back."""
        services = self._services
        # POP1 and POP2 may open a maildrop again; they have logged in once.
        is_login = self._account is None
        if is_login:
            services.admission.give_back(sign_in)
        maildrop = services.store.open_maildrop(identity, self._session)
        try:
            admission = services.admission
            return maildrop, admission.enter(self._name, identity, sign_in) if is_login else None
        except BaseException:
            maildrop.release()
            raise

    def _refuse(self, closed: Closed, why: str, fault: Fault | None = None) -> Closed:
        self._note_refused(why, fault)
        return closed

    def _accept(self, identity: Identity, admitted: Admitted) -> None:
        self._account = identity.account
        self._identity = identity
        self._login_delay_seconds = admitted.login_delay_seconds
        self._peer.admitted()
        self._connections.admit(self._peer.address)
        self._note(
            "login.accepted",
            account=identity.account,
            device=identity.device,
            tls=self._peer.tls,
            session=self._session,
        )
        if admitted.unnoted is not None:
            self._note_unnoted(identity, admitted.unnoted)
        self._services.sessions.note(self._record())

    def _note_unnoted(self, identity: Identity, fault: Fault) -> None:
        self._note(
            "sign-in.unnoted",
            account=identity.account,
            device=identity.device,
            mechanism=self._mechanism,
            tls=self._peer.tls,
            session=self._session,
            why=fault,
        )

    def _take(self, coming: "asyncio.Future[Coming]") -> None:
        # Also where the session was cancelled meanwhile: what is held here is given back.
        if not coming.cancelled() and coming.exception() is None:
            self._maildrop, _ = coming.result()

    # What is kept of the session

    def _record(self) -> SessionRecord:
        """Return what the session is like while it lives."""
        who, timeline = self._identity, self._timeline
        return SessionRecord(
            id=self._session,
            began_at=self._began_at,
            source=self._sign_in().source,
            protocol=self._protocol,
            account=None if who is None else who.account,
            device=None if who is None else who.device,
            tls=self._peer.tls,
            mechanism=self._mechanism,
            octets=timeline.sent,
            read=ranges(timeline.read),
            seen=ranges(timeline.seen),
            removed=ranges(timeline.removed),
            tried=self._tried,
        )

    def _record_end(self, why: str) -> None:
        sessions, timeline = self._services.sessions, self._timeline
        timeline.ended(why)
        record = replace(
            self._record(), ended_at=int(sessions.now()), how=why, told=timeline.told()
        )
        sessions.note(record)

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
        maildrop, marked = self._maildrop, effect.marked
        if maildrop is None:
            raise Bug("There is no maildrop to remove from.")
        if self._ending.has_come:
            raise TimeoutError  # it ends here: nothing that was marked is removed
        journal, account = self._services.journal, self._account
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
        self._release()
        return True
