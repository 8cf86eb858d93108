"""What the server room needs of the others, as ports with few verbs."""

from collections.abc import Callable
from dataclasses import dataclass

from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from pillarbox.net.tls import Context
from pillarbox.store.store import Store

PRE_LOGIN_SECONDS = 60.0  # for the whole of AUTHORIZATION, TLS included
AUTOLOGOUT_SECONDS = 600.0  # RFC 1939, section 3: at least 10 minutes
CLOSE_SECONDS = 10.0  # for a peer that does not take the last octets


@dataclass(frozen=True, slots=True)
class Timers:
    """How long a session may wait, in seconds."""

    pre_login: float = PRE_LOGIN_SECONDS
    autologout: float = AUTOLOGOUT_SECONDS
    close: float = CLOSE_SECONDS


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a session's driver calls."""

    store: Store
    try_password: Callable[[str, Secret], AccountId | None]  # blocking, and slow on purpose
    hashing: Pool
    disk: Pool
    tls: Context | None
    journal: Journal
    allow_plaintext_auth_without_tls: bool = False
    timers: Timers = Timers()
