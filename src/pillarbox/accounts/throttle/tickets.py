"""What was let through and is not answered yet, so that it can be given back. In memory."""

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace

from pillarbox.accounts.throttle.buckets import Kind
from pillarbox.base.names import SessionId

MOST = 20_000  # more than the connections that there may be
Place = tuple[Kind, bytes, str]  # a bucket: its kind, whose name, which source


@dataclass(frozen=True, slots=True)
class Ticket:
    """One attempt that was let through: the buckets that hold it already, and when it was."""

    places: tuple[Place, ...]  # none: it is a known pair's, and counts once it has failed
    pair: Place
    at: float

    @property
    def is_free(self) -> bool:
        """Whether no bucket holds it yet."""
        return not self.places


class Tickets:
    """The tickets of one process, one a session; the oldest is forgotten: it stays a failure."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._held: OrderedDict[SessionId, Ticket] = OrderedDict()
        self._free: Counter[Place] = Counter()
        self._kept = 0

    def hold(self, session: SessionId, ticket: Ticket) -> None:
        """Keep a ticket until its session takes it back."""
        with self._lock:
            self._hold(session, ticket)

    def hold_free(self, session: SessionId, known: Place, now: float, most: float) -> bool:
        """Keep a ticket of a known pair that no bucket holds yet, where fewer than `most` are."""
        with self._lock:
            self._drop_old(now)
            if self._free.get(known, 0) >= most:
                return False
            self._hold(session, Ticket((), known, now))
            return True

    def keep(self, ticket: Ticket, now: float) -> None:
        """Keep a ticket that nobody takes back: it counts as held for as long as one is kept."""
        with self._lock:
            self._kept += 1
            self._hold(SessionId(f"failure {self._kept}"), replace(ticket, at=now))

    def take(self, session: SessionId) -> Ticket | None:
        """Return a session's ticket, once."""
        with self._lock:
            return self._drop(session)

    def _hold(self, session: SessionId, ticket: Ticket) -> None:
        self._drop_old(ticket.at)
        self._drop(session)
        while len(self._held) >= MOST:
            self._drop(next(iter(self._held)))
        self._held[session] = ticket
        if ticket.is_free:
            self._free[ticket.pair] += 1

    def _drop(self, session: SessionId) -> Ticket | None:
        ticket = self._held.pop(session, None)
        if ticket is not None and ticket.is_free:
            self._free[ticket.pair] -= 1
            if not self._free[ticket.pair]:
                del self._free[ticket.pair]
        return ticket

    def _drop_old(self, now: float) -> None:
        """Forget what nobody answers any more: a client that left in the middle of an exchange."""
        while self._held:
            session, ticket = next(iter(self._held.items()))
            if ticket.at > now - self._seconds:
                return
            self._drop(session)
