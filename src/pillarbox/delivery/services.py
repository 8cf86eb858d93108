"""What the delivery room needs of the others, as ports with few verbs."""

from dataclasses import dataclass
from typing import Protocol

from pillarbox.base.names import AccountId
from pillarbox.delivery.effects import Refusal
from pillarbox.delivery.session import MESSAGE_OCTETS
from pillarbox.journal.journal import Journal
from pillarbox.net.pool import Pool
from pillarbox.store.deposit import Deposit

IDLE_SECONDS = 300.0  # RFC 5321, section 4.5.3.2.7: at least 5 minutes for the next octets
MESSAGE_SECONDS = 3600.0  # for the whole of DATA: nobody holds a place by one octet a minute
LINGER_SECONDS = 5.0  # for a peer to send what it is at, and so to read its refusal
CLOSE_SECONDS = 10.0  # for a peer that does not take the last octets
CONNECTIONS = 100  # an MTA opens a few dozen


class Recipients(Protocol):
    """Who gets mail here. Blocking."""

    def resolve(self, recipient: str) -> AccountId | Refusal:
        """Return whose mail this is, by `local@domain` or a name alone; raises StoreFault."""
        ...


@dataclass(frozen=True, slots=True)
class Timers:
    """How long a session may wait, in seconds."""

    idle: float = IDLE_SECONDS
    message: float = MESSAGE_SECONDS
    linger: float = LINGER_SECONDS
    close: float = CLOSE_SECONDS


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a session's driver calls."""

    store: Deposit
    recipients: Recipients
    disk: Pool
    journal: Journal
    hostname: str
    message_octets: int = MESSAGE_OCTETS
    connections: int = CONNECTIONS
    timers: Timers = Timers()
