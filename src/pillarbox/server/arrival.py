"""Lets somebody in who has proved who they are: the lease, then the door, then the record of it."""

import asyncio
from dataclasses import replace

from pillarbox.base.errors import Bug, Fault, StoreFault
from pillarbox.base.names import Identity, SignIn
from pillarbox.journal.session_record import SessionRecord, ranges
from pillarbox.net.pool import PoolFullError
from pillarbox.server.admission import Admitted, Denied
from pillarbox.server.effects import Closed, Opened
from pillarbox.server.limits import Connections
from pillarbox.server.proving import Proving
from pillarbox.server.sending import to_its_end
from pillarbox.server.visit import Visit
from pillarbox.store.store import Maildrop, MaildropInUseError

DENIED = {
    Denied.NOT_ACCEPTED: (Closed.NOT_ACCEPTED, "not-accepted"),
    Denied.LOGIN_DELAY: (Closed.LOGIN_DELAY, "login-delay"),
}

# A maildrop, and what the door says; None: whoever opens it came in before.
Coming = tuple[Maildrop, Admitted | Denied | None]


class Arrival:
    """Who is in, and the maildrop that is open."""

    def __init__(self, visit: Visit, proving: Proving, connections: Connections) -> None:
        self._visit = visit
        self._services = visit.services
        self._proving = proving
        self._connections = connections
        self._began_at = int(visit.services.sessions.now())
        self._maildrop: Maildrop | None = None
        self._mechanism: str | None = None
        self._login_delay_seconds = 0
        self.identity: Identity | None = None

    @property
    def maildrop(self) -> Maildrop:
        """The maildrop that is open; raises Bug where none was ever opened."""
        if self._maildrop is None:
            raise Bug("There is no maildrop to remove from.")
        return self._maildrop

    async def open(self, identity: Identity, mechanism: str) -> Opened | Closed:
        """Take the lease and the view, and ask at the door; return why it stays closed."""
        try:
            # In one turn of a thread: to hand over costs more than most of what is done there.
            sign_in = self._visit.sign_in(mechanism)
            coming = self._services.disk.start(self._come_in, identity, sign_in)
            coming.add_done_callback(self._take)
            maildrop, admitted = await to_its_end(coming)
        except MaildropInUseError:
            return self._refuse(Closed.IN_USE, "in-use")
        except (PoolFullError, StoreFault) as fault:
            return self._refuse(Closed.TRY_LATER, "busy", fault)
        if admitted is not None:
            self._mechanism = mechanism
        if isinstance(admitted, Denied):
            self.release()
            return self._refuse(*DENIED[admitted])
        if admitted is not None:
            self._accept(identity, admitted)
        return Opened(maildrop.messages, maildrop.expire_days, self._login_delay_seconds)

    def release(self) -> None:
        """Give the lease back, if there is one. Harmless when done twice."""
        if self._maildrop is not None:
            self._maildrop.release()

    def leave(self) -> None:
        """Give back all that the connection has."""
        self.release()
        was_admitted = self.identity is not None
        self._connections.leave(self._visit.peer.address, was_admitted=was_admitted)

    def record_end(self, why: str) -> None:
        """Keep what the session was like, now that it is over."""
        sessions, timeline = self._services.sessions, self._visit.timeline
        timeline.ended(why)
        record = replace(
            self._record(), ended_at=int(sessions.now()), how=why, told=timeline.told()
        )
        sessions.note(record)

    def _come_in(self, identity: Identity, sign_in: SignIn) -> Coming:
        """Take the lease, then ask at the door; blocking. A fault gives the lease back."""
        admission, name = self._services.admission, self._proving.name
        # POP1 and POP2 may open a maildrop again; they have logged in once.
        is_login = self.identity is None
        if is_login:
            admission.give_back(sign_in)
        maildrop = self._services.store.open_maildrop(identity, self._visit.session)
        try:
            return maildrop, admission.enter(name, identity, sign_in) if is_login else None
        except BaseException:
            maildrop.release()
            raise

    def _take(self, coming: "asyncio.Future[Coming]") -> None:
        # Also where the session was cancelled meanwhile: what is held here is given back.
        if not coming.cancelled() and coming.exception() is None:
            self._maildrop, _ = coming.result()

    def _refuse(self, closed: Closed, why: str, fault: Fault | None = None) -> Closed:
        self._proving.note_refused(why, fault)
        return closed

    def _accept(self, identity: Identity, admitted: Admitted) -> None:
        visit = self._visit
        self.identity = identity
        self._login_delay_seconds = admitted.login_delay_seconds
        visit.peer.admitted()
        self._connections.admit(visit.peer.address)
        visit.note(
            "login.accepted",
            account=identity.account,
            device=identity.device,
            tls=visit.peer.tls,
            session=visit.session,
        )
        if admitted.unnoted is not None:
            self._note_unnoted(identity, admitted.unnoted)
        self._services.sessions.note(self._record())

    def _note_unnoted(self, identity: Identity, fault: Fault) -> None:
        self._visit.note(
            "sign-in.unnoted",
            account=identity.account,
            device=identity.device,
            mechanism=self._mechanism,
            tls=self._visit.peer.tls,
            session=self._visit.session,
            why=fault,
        )

    def _record(self) -> SessionRecord:
        """Return what the session is like while it lives."""
        who, visit, timeline = self.identity, self._visit, self._visit.timeline
        return SessionRecord(
            id=visit.session,
            began_at=self._began_at,
            source=visit.source,
            protocol=visit.protocol,
            account=None if who is None else who.account,
            device=None if who is None else who.device,
            tls=visit.peer.tls,
            mechanism=self._mechanism,
            octets=timeline.sent,
            read=ranges(timeline.read),
            seen=ranges(timeline.seen),
            removed=ranges(timeline.removed),
            tried=self._proving.refused_name,
        )
