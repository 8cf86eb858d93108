"""What a client says: the verbs, and what only it makes of them; and the octets of each."""

from dataclasses import dataclass

from pillarbox.base import base64
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.wire.pop3 import verbs
from pillarbox.wire.pop3.verbs import COMMAND_OCTETS

FORBIDDEN = frozenset(b"\r\n\0")  # each would end the line, or what the server makes of it


class UnsendableFault(OperatorFault):
    """A name or a password holds octets that no POP3 command can carry."""


@dataclass(frozen=True, slots=True)
class Pass:
    """RFC 1939, section 7; spaces are part of the password."""

    password: Secret


@dataclass(frozen=True, slots=True)
class AuthCancel:
    """RFC 5034, section 4: the end of an exchange that we do not want to go on with."""


Command = (
    Pass | AuthCancel | verbs.Capa | verbs.Stls | verbs.Utf8 | verbs.Lang | verbs.User | verbs.Apop
    | verbs.Auth | verbs.AuthResponse | verbs.Stat | verbs.List | verbs.Uidl | verbs.Retr
    | verbs.Top | verbs.Dele | verbs.Noop | verbs.Rset | verbs.Last | verbs.Quit
)  # fmt: skip

BARE = {
    verbs.Capa: b"CAPA",
    verbs.Stls: b"STLS",
    verbs.Utf8: b"UTF8",
    verbs.Stat: b"STAT",
    verbs.Noop: b"NOOP",
    verbs.Rset: b"RSET",
    verbs.Last: b"LAST",
    verbs.Quit: b"QUIT",
    AuthCancel: b"*",
}
NUMBERED = {
    verbs.List: b"LIST",
    verbs.Uidl: b"UIDL",
    verbs.Retr: b"RETR",
    verbs.Dele: b"DELE",
    verbs.Top: b"TOP",
}


def encode(command: Command) -> bytes:
    """Return the line to send, CRLF included; raises UnsendableFault."""
    if isinstance(command, verbs.AuthResponse):
        # RFC 5034, section 4: these lines are as long as the mechanism makes them.
        return base64.encode(command.response.reveal()) + b"\r\n"
    line = _line(command)
    if FORBIDDEN & frozenset(line):
        raise UnsendableFault("A name or password with a line end or a NUL cannot be sent.")
    if len(line) + 2 > COMMAND_OCTETS:
        raise UnsendableFault("The name or password is too long to be sent.")
    return line + b"\r\n"


def _line(command: Command) -> bytes:
    match command:
        case Pass(password):
            return b"PASS " + password.reveal()
        case verbs.Auth(mechanism, initial):
            return _auth(mechanism.encode("ascii"), initial)
        case verbs.User() | verbs.Apop() | verbs.Lang():
            return _texts(command)
        case verbs.List() | verbs.Uidl() | verbs.Retr() | verbs.Dele() | verbs.Top():
            return _numbers(command)
        case _:
            return BARE[type(command)]


def _texts(command: verbs.User | verbs.Apop | verbs.Lang) -> bytes:
    if isinstance(command, verbs.User):
        return b"USER " + command.name.encode("utf-8")
    if isinstance(command, verbs.Apop):
        return b"APOP %s %s" % (command.name.encode("utf-8"), command.digest.encode("ascii"))
    return b"LANG" if command.tag is None else b"LANG " + command.tag.encode("ascii")


def _numbers(command: verbs.List | verbs.Uidl | verbs.Retr | verbs.Dele | verbs.Top) -> bytes:
    keyword = NUMBERED[type(command)]
    if command.number is None:
        return keyword
    if isinstance(command, verbs.Top):
        return b"%s %d %d" % (keyword, command.number, command.lines)
    return b"%s %d" % (keyword, command.number)


def _auth(mechanism: bytes, initial: Secret | None) -> bytes:
    bare = b"AUTH " + mechanism
    if initial is None:
        return bare
    response = base64.encode(initial.reveal()) or b"="  # RFC 5034, section 4: there, and empty
    full = bare + b" " + response
    return full if len(full) + 2 <= COMMAND_OCTETS else bare
