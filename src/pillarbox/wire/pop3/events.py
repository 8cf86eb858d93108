"""What a client can say, as values."""

from dataclasses import dataclass
from enum import Enum, auto

from pillarbox.base.secret import Secret


class Fault(Enum):
    """Why a line is no command that may run now."""

    TOO_LONG = auto()
    UNKNOWN = auto()
    WRONG_STATE = auto()
    ARGUMENTS = auto()
    NO_NAME = auto()  # PASS without a USER right before it
    NOT_BASE64 = auto()
    CANCELLED = auto()  # the client ended an AUTH exchange with `*`


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line to be refused with one `-ERR`; it changes nothing."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Capa:
    """RFC 2449, section 5."""


@dataclass(frozen=True, slots=True)
class Stls:
    """RFC 2595, section 4."""


@dataclass(frozen=True, slots=True)
class StlsInjection:
    """STLS with octets right behind it, which whoever sits in the middle may have put there."""


@dataclass(frozen=True, slots=True)
class User:
    """RFC 1939, section 7; the name is held for the PASS that may follow."""

    name: str


@dataclass(frozen=True, slots=True)
class Pass:
    """RFC 1939, section 7; with the name of the USER right before it."""

    name: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class Auth:
    """RFC 5034, section 4; `initial` is the initial response, decoded, None where there is none."""

    mechanism: str
    initial: Secret | None


@dataclass(frozen=True, slots=True)
class AuthList:
    """AUTH without an argument, as old clients ask for the mechanisms."""


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """The decoded answer to a challenge."""

    response: Secret


@dataclass(frozen=True, slots=True)
class Stat:
    """RFC 1939, section 5."""


@dataclass(frozen=True, slots=True)
class List:
    """RFC 1939, section 5; all messages where `number` is None."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Uidl:
    """RFC 1939, section 7; all messages where `number` is None."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Retr:
    """RFC 1939, section 5."""

    number: int


@dataclass(frozen=True, slots=True)
class Top:
    """RFC 1939, section 7; `lines` of the body."""

    number: int
    lines: int


@dataclass(frozen=True, slots=True)
class Dele:
    """RFC 1939, section 5."""

    number: int


@dataclass(frozen=True, slots=True)
class Noop:
    """RFC 1939, section 5."""


@dataclass(frozen=True, slots=True)
class Rset:
    """RFC 1939, section 5."""


@dataclass(frozen=True, slots=True)
class Quit:
    """RFC 1939, sections 4 and 6."""


Event = (
    Malformed | Capa | Stls | StlsInjection | User | Pass | Auth | AuthList | AuthResponse
    | Stat | List | Uidl | Retr | Top | Dele | Noop | Rset | Quit
)  # fmt: skip
