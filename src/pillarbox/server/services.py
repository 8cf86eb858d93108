"""What the server room needs of the others, as ports with few verbs."""

from dataclasses import dataclass, field
from typing import Protocol

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.journal.journal import Journal
from pillarbox.net.certificates import Certificates
from pillarbox.net.pool import Pool
from pillarbox.sasl.exchange import DigestProof, ScramAccount, ScramHash
from pillarbox.server.site import Site
from pillarbox.store.store import Store

PRE_LOGIN_SECONDS = 60.0  # for the whole of AUTHORIZATION, TLS included
HANDSHAKE_SECONDS = 15.0  # for TLS alone, however it trickles in
AUTOLOGOUT_SECONDS = 600.0  # RFC 1939, section 3: at least 10 minutes
CLOSE_SECONDS = 10.0  # for a peer that does not take the last octets


@dataclass(frozen=True, slots=True)
class Timers:
    """How long a session may wait, in seconds."""

    pre_login: float = PRE_LOGIN_SECONDS
    handshake: float = HANDSHAKE_SECONDS
    autologout: float = AUTOLOGOUT_SECONDS
    close: float = CLOSE_SECONDS


class Admission(Protocol):
    """Who may come in. Each call blocks; each raises StoreFault, and OperatorFault."""

    def try_password(self, name: str, password: Secret) -> Identity | None:
        """Return whose password it is, None where it is nobody's. Slow on purpose."""
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

    def may_enter(self, identity: Identity) -> bool:
        """Return whether the account and the device may log in still."""
        ...

    def begin(self, identity: Identity) -> bool:
        """Note a login; return whether it comes long enough after the last one."""
        ...


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
