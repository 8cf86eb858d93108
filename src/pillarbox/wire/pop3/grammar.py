"""The commands: one row each, with the states they belong to and how what follows them is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pillarbox.base.base64 import decode
from pillarbox.base.secret import Secret
from pillarbox.wire.pop3 import events, verbs
from pillarbox.wire.pop3.events import Event, Fault, Malformed
from pillarbox.wire.pop3.state import State

NUMBER = re.compile(rb"[0-9]{1,10}")  # no maildrop has more; keeps int() cheap on hostile input
LINES = re.compile(rb"[0-9]+")  # RFC 1939, section 7, TOP: more than there are give them all
DIGEST = re.compile(r"[0-9a-f]{32}")  # RFC 1939, section 7: lower-case hex of MD5
LANGUAGE_RANGE = re.compile(r"\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,8}")  # RFC 4647, section 2.1
MECHANISM = re.compile(r"[A-Z0-9_-]{1,20}")  # RFC 4422, section 3.1

Reader = Callable[[bytes], Event | Fault]


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command may be said, and the reader of its arguments."""

    states: frozenset[State]
    read: Reader


def parse(line: bytes, state: State, name: str | None) -> Event:
    """Return what a line (without CRLF) says in this state; `name` is that of a USER before it."""
    keyword, _, arguments = line.partition(b" ")
    command = COMMANDS.get(keyword.upper())
    if command is None:
        return Malformed(Fault.UNKNOWN)
    verb = keyword.upper().decode("ascii")
    if state not in command.states:
        return Malformed(Fault.WRONG_STATE, verb)
    event = command.read(arguments)
    if isinstance(event, Fault):
        return Malformed(event, verb)
    if isinstance(event, events.Pass):
        # RFC 1939, section 7: PASS only right after a USER.
        return Malformed(Fault.NO_NAME, verb) if name is None else events.Pass(name, event.secret)
    return event


def decode_response(octets: bytes) -> Secret | None:
    """Return what base64 text stands for, None where it is not exact; RFC 5034, section 4."""
    decoded = decode(octets)
    return None if decoded is None else Secret(decoded)


def _nothing(event: Event) -> Reader:
    # Old clients leave a space behind a keyword; nothing can be meant by it.
    return lambda arguments: Fault.ARGUMENTS if arguments.strip(b" ") else event


def _number(event: Callable[[int], Event]) -> Reader:
    def read(arguments: bytes) -> Event | Fault:
        number = _value(arguments.rstrip(b" "))
        return Fault.ARGUMENTS if number is None else event(number)

    return read


def _optional_number(event: Callable[[int | None], Event]) -> Reader:
    some = _number(event)
    return lambda arguments: some(arguments) if arguments.strip(b" ") else event(None)


def _number_and_lines(arguments: bytes) -> Event | Fault:
    first, _, second = arguments.rstrip(b" ").partition(b" ")
    number = _value(first)
    if number is None or not LINES.fullmatch(second):
        return Fault.ARGUMENTS
    return verbs.Top(number, int(second))  # a line of 255 octets bounds it


def _value(octets: bytes) -> int | None:
    return int(octets) if NUMBER.fullmatch(octets) else None


def _name(arguments: bytes) -> Event | Fault:
    name = _text(arguments.rstrip(b" "))
    return verbs.User(name) if name else Fault.ARGUMENTS


def _name_and_digest(arguments: bytes) -> Event | Fault:
    octets, _, digest = arguments.rstrip(b" ").rpartition(b" ")
    name = _text(octets)
    found = DIGEST.fullmatch(digest.decode("latin-1"))
    return verbs.Apop(name, found[0]) if name and found else Fault.ARGUMENTS


def _language(arguments: bytes) -> Event | Fault:
    tag = arguments.rstrip(b" ").decode("latin-1")
    if not tag:
        return verbs.Lang(None)
    return verbs.Lang(tag) if LANGUAGE_RANGE.fullmatch(tag) else Fault.ARGUMENTS


def _password(arguments: bytes) -> Event | Fault:
    # RFC 1939, section 7: spaces are part of it, so everything behind the first space is.
    return events.Pass("", Secret(arguments)) if arguments else Fault.ARGUMENTS


def _mechanism(arguments: bytes) -> Event | Fault:
    if not arguments.strip(b" "):
        return events.AuthList()
    name, space, initial = arguments.partition(b" ")
    mechanism = (_text(name) or "").upper()
    if not MECHANISM.fullmatch(mechanism):
        return Fault.ARGUMENTS
    if not space:
        return verbs.Auth(mechanism, None)
    if initial == b"=":  # RFC 5034, section 4: there, and empty
        return verbs.Auth(mechanism, Secret(b""))
    response = decode_response(initial) if initial else None
    return Fault.NOT_BASE64 if response is None else verbs.Auth(mechanism, response)


def _text(octets: bytes) -> str | None:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


_BEFORE = frozenset({State.AUTHORIZATION})
_AFTER = frozenset({State.TRANSACTION})

# What a web client starts with: a browser can be made to send a form to us, whose lines would be
# commands (https://alpaca-attack.com).
HTTP_VERBS = (
    *(b"GET ", b"POST ", b"PUT ", b"HEAD ", b"OPTIONS ", b"DELETE "),
    *(b"CONNECT ", b"TRACE ", b"PATCH ", b"PRI "),
)

COMMANDS = {
    b"CAPA": Command(_BEFORE | _AFTER, _nothing(verbs.Capa())),
    b"STLS": Command(_BEFORE, _nothing(verbs.Stls())),
    b"UTF8": Command(_BEFORE, _nothing(verbs.Utf8())),
    b"LANG": Command(_BEFORE | _AFTER, _language),
    b"USER": Command(_BEFORE, _name),
    b"PASS": Command(_BEFORE, _password),
    b"APOP": Command(_BEFORE, _name_and_digest),
    b"AUTH": Command(_BEFORE, _mechanism),
    b"STAT": Command(_AFTER, _nothing(verbs.Stat())),
    b"LIST": Command(_AFTER, _optional_number(verbs.List)),
    b"UIDL": Command(_AFTER, _optional_number(verbs.Uidl)),
    b"RETR": Command(_AFTER, _number(verbs.Retr)),
    b"TOP": Command(_AFTER, _number_and_lines),
    b"DELE": Command(_AFTER, _number(verbs.Dele)),
    b"NOOP": Command(_AFTER, _nothing(verbs.Noop())),
    b"RSET": Command(_AFTER, _nothing(verbs.Rset())),
    b"LAST": Command(_AFTER, _nothing(verbs.Last())),
    b"QUIT": Command(_BEFORE | _AFTER, _nothing(verbs.Quit())),
}
