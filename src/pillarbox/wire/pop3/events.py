"""What a server hears: the verbs, and what only it makes of them."""

from dataclasses import dataclass, field
from enum import Enum, auto

from pillarbox.base.secret import Secret
from pillarbox.wire.pop3 import verbs


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
    verb: str = field(default="", compare=False)  # "" where it is none of ours


@dataclass(frozen=True, slots=True)
class StlsInjection:
    """STLS with octets right behind it, which whoever sits in the middle may have put there."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The verb of a web client, whose next lines may be an attacker's: nothing of it is read."""


@dataclass(frozen=True, slots=True)
class AuthList:
    """AUTH without an argument, as old clients ask for the mechanisms."""


@dataclass(frozen=True, slots=True)
class Pass:
    """RFC 1939, section 7; with the name of the USER right before it."""

    name: str
    secret: Secret


Event = (
    Malformed | StlsInjection | HttpRequest | AuthList | Pass
    | verbs.Capa | verbs.Stls | verbs.Utf8 | verbs.Lang | verbs.User | verbs.Apop | verbs.Auth
    | verbs.AuthResponse | verbs.Stat | verbs.List | verbs.Uidl | verbs.Retr | verbs.Top
    | verbs.Dele | verbs.Noop | verbs.Rset | verbs.Last | verbs.Quit
)  # fmt: skip
