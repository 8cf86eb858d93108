"""What a sender can say, as values."""

from dataclasses import dataclass
from enum import Enum, auto

from pillarbox.wire.lmtp.address import Address


class Fault(Enum):
    """Why what came in is no command that may run now."""

    TOO_LONG = auto()
    UNKNOWN = auto()
    NOT_OFFERED = auto()  # a command of an extension that LHLO did not announce
    NOT_LMTP = auto()  # HELO or EHLO
    WRONG_STATE = auto()
    ARGUMENTS = auto()
    SENDER = auto()
    RECIPIENT = auto()
    NOT_ASCII = auto()
    PARAMETERS = auto()
    TOO_BIG = auto()  # the announced octets are more than we take
    BARE_LINE_END = auto()


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line to be refused with one reply; it changes nothing."""

    fault: Fault
    is_data: bool = False


@dataclass(frozen=True, slots=True)
class Fatal:
    """To be refused with one reply and a close: what follows may be no commands at all."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Lhlo:
    """RFC 2033, section 4.1."""


@dataclass(frozen=True, slots=True)
class Mail:
    """RFC 5321, section 4.1.1.2; `octets` as announced, RFC 1870."""

    sender: Address | None
    octets: int | None = None


@dataclass(frozen=True, slots=True)
class Rcpt:
    """RFC 5321, section 4.1.1.3."""

    recipient: Address


@dataclass(frozen=True, slots=True)
class Data:
    """RFC 5321, section 4.1.1.4; the message follows once that is allowed."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next octets of the message, without the dots that stuffed them; never none."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The message is whole."""


@dataclass(frozen=True, slots=True)
class TooBig:
    """The message has ended, and it was more than we take."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A bare CR or LF came inside the message: refuse it for each recipient, and close."""


@dataclass(frozen=True, slots=True)
class Rset:
    """RFC 5321, section 4.1.1.5."""


@dataclass(frozen=True, slots=True)
class Noop:
    """RFC 5321, section 4.1.1.9."""


@dataclass(frozen=True, slots=True)
class Vrfy:
    """RFC 5321, section 4.1.1.6."""


@dataclass(frozen=True, slots=True)
class Quit:
    """RFC 5321, section 4.1.1.10."""


Event = (
    Malformed | Fatal | Lhlo | Mail | Rcpt | Data | Chunk | End | TooBig | Broken | Rset | Noop
    | Vrfy | Quit
)  # fmt: skip
