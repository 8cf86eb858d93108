"""What a session asks for: each effect is performed by the driver and answered with a value.

The session itself does no I/O, so a dialogue plays on it in memory as it does on a socket.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.store.store import Message


@dataclass(frozen=True, slots=True)
class Receive:
    """Answer: the next octets (bytes), none at the end of the stream."""


@dataclass(frozen=True, slots=True)
class Send:
    """Answer: None, once the octets are on their way."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class StartTls:
    """Say `ready` and secure the connection, unless octets came in behind the STLS.

    Answer: whether TLS is on (bool). The session is over where it is not.
    """

    ready: bytes
    refusal: bytes


@dataclass(frozen=True, slots=True)
class Admit:
    """Try a name and a secret. Answer: the account's id, or a Refusal."""

    name: str
    secret: Secret


class Refusal(Enum):
    """Why somebody was not admitted."""

    NOT_ACCEPTED = auto()  # the name or the secret is wrong: nobody is told which
    TRY_LATER = auto()  # too many attempts wait, or the store does not answer


@dataclass(frozen=True, slots=True)
class OpenMaildrop:
    """Take the lease and the view. Answer: the messages (Sequence[Message]), or a Closed."""

    account: AccountId


class Closed(Enum):
    """Why a maildrop did not open."""

    IN_USE = auto()
    TRY_LATER = auto()


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send a message after `first`, stuffed, with its end.

    Where `lines` are given: the header and so many lines of the body.

    Answer: whether the message can be read (bool). Where it cannot, nothing was sent. A fault
    after `first` ends the connection without a final dot and without an answer.
    """

    first: bytes
    message: Message
    lines: int | None


@dataclass(frozen=True, slots=True)
class Commit:
    """Remove what is marked, then give the lease back.

    Answer: whether what was marked is removed and durable (bool).
    """

    marked: Sequence[Message]


Effect = Receive | Send | StartTls | Admit | OpenMaildrop | Transmit | Commit
