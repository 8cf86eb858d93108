"""What a session asks for: each effect is performed by the driver and answered with a value.

The session itself does no I/O, so a dialogue plays on it in memory as it does on a socket.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from pillarbox.base.names import AccountId
from pillarbox.store.store import Kept


@dataclass(frozen=True, slots=True)
class Receive:
    """Answer: the next octets (bytes), none at the end of the stream, or a Stop.

    A session that lingers has said its last word, and waits only so that the peer can read it.
    """

    lingers: bool = False


class Stop(Enum):
    """Why nothing more is received."""

    IDLE = auto()
    SHUTDOWN = auto()


@dataclass(frozen=True, slots=True)
class Send:
    """Answer: None, once the octets are on their way."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Resolve:
    """Ask whose mail this is. Answer: the account's id, or a Refusal."""

    recipient: str


class Refusal(Enum):
    """Why nothing is taken for a recipient."""

    UNKNOWN = auto()
    DISABLED = auto()
    FULL = auto()
    TRY_LATER = auto()


@dataclass(frozen=True, slots=True)
class Write:
    """Take the next octets of the message. Answer: None; a failure is told by Keep."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget what was written of the message. Answer: None."""

    why: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Make what was written durable. Answer: Kept, or a Failure."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Add a kept message to maildrops.

    Answer: for each account in order None once its copy is durable, or a Failure.
    """

    kept: Kept
    accounts: Sequence[AccountId]


class Failure(Enum):
    """Why a message is not stored; another attempt may succeed, unless it never fits."""

    FAULT = auto()
    NO_SPACE = auto()
    FULL = auto()  # the maildrop, not the disk
    NEVER_FITS = auto()


Effect = Receive | Send | Resolve | Write | Drop | Keep | Deliver
