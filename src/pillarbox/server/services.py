"""What the server room needs of the others, as ports with few verbs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal, Protocol

from pillarbox.base.errors import Fault
from pillarbox.base.names import Ended, Identity, SignIn
from pillarbox.base.secret import Secret
from pillarbox.journal.journal import Journal
from pillarbox.journal.session_record import SessionRecord
from pillarbox.net.certificates import Certificates
from pillarbox.net.pool import Pool
from pillarbox.sasl.exchange import DigestProof, ScramAccount, ScramHash
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


class Denied(Enum):
    """Why somebody who has proved who they are may not come in all the same."""

    NOT_ACCEPTED = auto()  # the account, or the device, may not: now, from there, or in this way
    LOGIN_DELAY = auto()  # the last login was too short a time ago


@dataclass(frozen=True, slots=True)
class Admitted:
    """What holds for somebody who may come in."""

    login_delay_seconds: int = 0
    unnoted: Fault | None = None  # why the audit knows nothing of it


class Admission(Protocol):
    """Who may come in. Each call blocks; each raises StoreFault, and OperatorFault."""

    def try_password(self, name: str, password: Secret) -> Identity | None:
        """Return whose password it is, None where it is nobody's. Slow on purpose."""
        ...

    def recall(self, name: str, password: Secret) -> Identity | Literal[False] | None:
        """Return whose password it is where that can be told at once; None says nothing.

        False: it was compared with one that was right a moment ago, and is not that.
        """
        ...

    def try_digest(self, name: str, proof: DigestProof) -> Identity | None:
        """Return whose secret the proof was made with."""
        ...

    def find_scram(self, name: str, hash_: ScramHash) -> ScramAccount:
        """Return what proofs for a name are checked against; made up for an unknown name."""
        ...

    def try_token(self, name: str | None, token: Secret) -> Identity | None:
        """Return whose token it is."""
        ...

    def delay(self, name: str, sign_in: SignIn) -> float | None:
        """Return how many seconds to wait before an attempt is tried; None: not to try it.

        What is to be tried counts as a failure until `give_back` says otherwise.
        """
        ...

    def refused(self, name: str, sign_in: SignIn) -> None:
        """Note that what was tried was not accepted."""
        ...

    def give_back(self, sign_in: SignIn) -> None:
        """Note that what was to be tried was right, or was not tried after all."""
        ...

    def enter(self, name: str, identity: Identity, sign_in: SignIn) -> Admitted | Denied:
        """Note a login that is about to be answered +OK, or say why it may not be.

        Ask it last, so that a login that fails for another reason delays no later one.
        """
        ...


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
