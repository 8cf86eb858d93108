"""What a session asks for: each effect is performed by the driver and answered with a value.

The session itself does no I/O, so a dialogue plays on it in memory as it does on a socket. What a
SASL mechanism asks for passes through as it is.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from pillarbox.base.names import Identity
from pillarbox.sasl.exchange import Ask
from pillarbox.store.store import Message


@dataclass(frozen=True, slots=True)
class Receive:
    """Answer: the next octets (bytes), none at the end of the stream."""


@dataclass(frozen=True, slots=True)
class Send:
    """Answer: None, once the octets are on their way."""

    octets: bytes
    is_fault: bool = False  # the command was bad, whatever the state and the credentials
    why: str = field(default="", compare=False)  # a refusal's English template


@dataclass(frozen=True, slots=True)
class StartTls:
    """Say `ready` and secure the connection, unless octets came in behind the STLS.

    Answer: a Secured, or None where TLS is not on. Then the session is over.
    """

    ready: bytes
    refusal: bytes


@dataclass(frozen=True, slots=True)
class Secured:
    """TLS is on; `end_point` is its channel binding, where it has one."""

    end_point: bytes | None


@dataclass(frozen=True, slots=True)
class NoteRefused:
    """Put on record that a name or a secret was not accepted. Answer: None."""

    mechanism: str  # as SignIn has it


@dataclass(frozen=True, slots=True)
class OpenMaildrop:
    """Take the lease and the view. Answer: an Opened, or a Closed."""

    identity: Identity
    mechanism: str  # by which it was proved, as SignIn has it


@dataclass(frozen=True, slots=True)
class Opened:
    """What a device sees, and what holds for it: RFC 2449, sections 6.5 and 6.7."""

    messages: Sequence[Message]
    expire_days: int | None  # the fewest that any message stays; None is for ever
    login_delay_seconds: int


class Closed(Enum):
    """Why a maildrop did not open."""

    IN_USE = auto()
    NOT_ACCEPTED = auto()  # the account or the device may not, for all that the proof is right
    LOGIN_DELAY = auto()  # the last login was too short a time ago
    TRY_LATER = auto()


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send a message after `first`, stuffed, with its end; where it `is_bare`, neither of these.

    Where `lines` are given: the header and so many lines of the body.

    Answer: whether the message can be read (bool). Where it cannot, nothing was sent. A fault
    after `first` ends the connection without a final dot and without an answer.
    """

    first: bytes
    message: Message
    lines: int | None
    as_surrogate: bool = False
    is_bare: bool = False  # the client knows the octets' number, and `lines` is None


@dataclass(frozen=True, slots=True)
class Commit:
    """Remove what is marked, then give the lease back.

    Answer: whether what was marked is removed and durable (bool).
    """

    marked: Sequence[Message]
    had: Sequence[Message] = ()  # what the client was sent whole: from now on its device has it
    was_listed: bool = False  # the client was told every unique-id: what it left it knows


Effect = Receive | Send | StartTls | Ask | NoteRefused | OpenMaildrop | Transmit | Commit
Effects = Generator[Effect, Any, None]
Watch = Callable[[object], None]  # is told each command as it is heard


def unwatched(event: object) -> None:
    """Tell nobody."""
    del event
