"""What we say to a server, as values, and the octets of each: RFC 1939, 2449, 2595, 5034."""

import base64
from dataclasses import dataclass

from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

COMMAND_OCTETS = 255  # RFC 2449, section 4, CRLF included
FORBIDDEN = frozenset(b"\r\n\0")  # each would end the line, or what the server makes of it


class UnsendableFault(OperatorFault):
    """A name or a password holds octets that no POP3 command can carry."""


@dataclass(frozen=True, slots=True)
class User:
    """RFC 1939, section 7."""

    name: str


@dataclass(frozen=True, slots=True)
class Pass:
    """RFC 1939, section 7; spaces are part of the password."""

    password: Secret


@dataclass(frozen=True, slots=True)
class Auth:
    """RFC 5034, section 4. An initial response that the line cannot hold waits for a challenge."""

    mechanism: str
    initial: Secret | None


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """RFC 5034, section 4: the answer to a challenge."""

    response: Secret


@dataclass(frozen=True, slots=True)
class AuthCancel:
    """RFC 5034, section 4: the end of an exchange that we do not want to go on with."""


@dataclass(frozen=True, slots=True)
class Capa:
    """RFC 2449, section 5."""


@dataclass(frozen=True, slots=True)
class Stls:
    """RFC 2595, section 4; nothing may be sent behind it before TLS is on."""


@dataclass(frozen=True, slots=True)
class Stat:
    """RFC 1939, section 5."""


@dataclass(frozen=True, slots=True)
class List:
    """RFC 1939, section 5; all messages where `number` is None."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Uidl:
    """RFC 1939, section 7; all messages where `number` is None."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Retr:
    """RFC 1939, section 5."""

    number: int


@dataclass(frozen=True, slots=True)
class Top:
    """RFC 1939, section 7; the header and `lines` of the body."""

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


Command = (
    User | Pass | Auth | AuthResponse | AuthCancel | Capa | Stls | Stat | List | Uidl | Retr | Top
    | Dele | Noop | Rset | Quit
)  # fmt: skip

BARE = {
    Capa: b"CAPA",
    Stls: b"STLS",
    Stat: b"STAT",
    Noop: b"NOOP",
    Rset: b"RSET",
    Quit: b"QUIT",
    AuthCancel: b"*",
}
NUMBERED = {List: b"LIST", Uidl: b"UIDL", Retr: b"RETR", Dele: b"DELE"}


def encode(command: Command) -> bytes:
    """Return the line to send, CRLF included; raises UnsendableFault."""
    if isinstance(command, AuthResponse):
        # RFC 5034, section 4: these lines are as long as the mechanism makes them.
        return _base64(command.response) + b"\r\n"
    line = _line(command)
    if FORBIDDEN & frozenset(line):
        raise UnsendableFault("A name or password with a line end or a NUL cannot be sent.")
    if len(line) + 2 > COMMAND_OCTETS:
        raise UnsendableFault("The name or password is too long to be sent.")
    return line + b"\r\n"


def _line(command: Command) -> bytes:
    match command:
        case User(name):
            return b"USER " + name.encode("utf-8")
        case Pass(password):
            return b"PASS " + password.reveal()
        case Auth(mechanism, initial):
            return _auth(mechanism.encode("ascii"), initial)
        case List(number) | Uidl(number) | Retr(number) | Dele(number):
            keyword = NUMBERED[type(command)]
            return keyword if number is None else b"%s %d" % (keyword, number)
        case Top(number, lines):
            return b"TOP %d %d" % (number, lines)
        case _:
            return BARE[type(command)]


def _auth(mechanism: bytes, initial: Secret | None) -> bytes:
    bare = b"AUTH " + mechanism
    if initial is None:
        return bare
    full = bare + b" " + (_base64(initial) or b"=")  # RFC 5034, section 4: there, and empty
    return full if len(full) + 2 <= COMMAND_OCTETS else bare


def _base64(octets: Secret) -> bytes:
    return base64.b64encode(octets.reveal())
