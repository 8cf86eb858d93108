"""What the server room needs of the others, as ports with few verbs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pillarbox.base.names import Ended
from pillarbox.journal.journal import Journal
from pillarbox.journal.session_record import SessionRecord
from pillarbox.net.certificates import Certificates
from pillarbox.net.pool import Pool
from pillarbox.server.admission import Admission
from pillarbox.server.site import Site
from pillarbox.store.store import Store

PRE_LOGIN_SECONDS = 60.0  # for the whole of AUTHORIZATION, TLS included
HANDSHAKE_SECONDS = 15.0  # for TLS alone, however it trickles in
AUTOLOGOUT_SECONDS = 600.0  # RFC 1939, section 3: at least 10 minutes
THROTTLED_SECONDS = 2.0  # before an attempt that is not tried is answered: guessers ask on and on
CLOSE_SECONDS = 10.0  # for a peer that does not take the last octets


@dataclass(frozen=True, slots=True)
class Timers:
    """How long a session may wait, in seconds."""

    pre_login: float = PRE_LOGIN_SECONDS
    handshake: float = HANDSHAKE_SECONDS
    autologout: float = AUTOLOGOUT_SECONDS
    close: float = CLOSE_SECONDS
    throttled: float = THROTTLED_SECONDS


class Endings(Protocol):
    """Whose sessions are to end, in every process. Each call blocks and raises StoreFault."""

    def mark(self) -> int:
        """Return the number of the last that there is."""
        ...

    def since(self, mark: int) -> Sequence[Ended]:
        """Return what came after a number, in order."""
        ...


class NoEndings:
    """Nobody's."""

    def mark(self) -> int:
        """Return 0."""
        return 0

    def since(self, mark: int) -> Sequence[Ended]:
        """Return none."""
        del mark
        return ()


class SessionLog(Protocol):
    """Keeps what sessions were like. Neither call waits or fails."""

    def now(self) -> float:
        """Return the time of day in seconds since 1970."""
        ...

    def note(self, record: SessionRecord) -> None:
        """Take what a session is like by now, in the place of what it was like before."""
        ...


class NoSessionLog:
    """Keeps nothing."""

    def now(self) -> float:
        """Return the beginning of time."""
        return 0.0

    def note(self, record: SessionRecord) -> None:
        """Forget it."""
        del record


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a session's driver calls."""

    store: Store
    admission: Admission
    hashing: Pool
    asking: Pool  # of others on the network, who may be slow
    converting: Pool  # of messages, some of which are made to be slow
    disk: Pool
    tls: Certificates | None
    journal: Journal
    site: Site = field(default_factory=Site)
    timers: Timers = Timers()
    endings: Endings = field(default_factory=NoEndings)
    sessions: SessionLog = field(default_factory=NoSessionLog)
