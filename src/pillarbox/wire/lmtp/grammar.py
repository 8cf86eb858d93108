"""The commands: one row each, with the states they belong to and how what follows them is read."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pillarbox.wire.lmtp import events
from pillarbox.wire.lmtp.address import Path, read_path
from pillarbox.wire.lmtp.events import Event, Fatal, Fault, Malformed
from pillarbox.wire.lmtp.state import State

PARAMETER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")  # section 4.1.2
SIZE = re.compile(rb"[0-9]{1,20}")  # RFC 1870, section 4
BODIES = {b"7BIT", b"8BITMIME"}  # RFC 6152, section 2
NAME = re.compile(rb"[!-~]+")  # who says LHLO decides nothing here, so any printable name will do

Reader = Callable[[bytes], Event | Fault]


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command may be said, and the reader of its arguments."""

    states: frozenset[State]
    read: Reader


def parse(line: bytes, state: State) -> Event:
    """Return what a line (without CRLF) says in this state."""
    word, _, arguments = line.partition(b" ")
    keyword = word.upper()
    command = COMMANDS.get(keyword)
    if command is None:
        return Malformed(Fault.UNKNOWN)
    is_data = keyword == b"DATA"
    if state not in command.states:
        return Malformed(Fault.WRONG_STATE, is_data)
    event = command.read(arguments.rstrip(b" "))
    return Malformed(event, is_data) if isinstance(event, Fault) else event


def _nothing(event: Event) -> Reader:
    return lambda arguments: Fault.ARGUMENTS if arguments else event


def _anything(event: Event) -> Reader:
    return lambda _arguments: event


def _name(arguments: bytes) -> Event | Fault:
    return events.Lhlo() if NAME.fullmatch(arguments) else Fault.ARGUMENTS


def _mail(arguments: bytes) -> Event | Fault:
    path = _path(b"FROM:", arguments)
    if path is None:
        return _bad_address(arguments, Fault.SENDER)
    parameters = _parameters(path.rest)
    if parameters is None:
        return Fault.ARGUMENTS
    if not parameters.keys() <= {b"SIZE", b"BODY"}:
        return Fault.PARAMETERS
    size = parameters.get(b"SIZE")
    if parameters.get(b"BODY", b"7BIT").upper() not in BODIES:
        return Fault.ARGUMENTS
    if size is None:
        return events.Mail(path.address)
    return events.Mail(path.address, int(size)) if SIZE.fullmatch(size) else Fault.ARGUMENTS


def _rcpt(arguments: bytes) -> Event | Fault:
    path = _path(b"TO:", arguments)
    if path is None or path.address is None:
        return _bad_address(arguments, Fault.RECIPIENT)
    parameters = _parameters(path.rest)
    if parameters is None:
        return Fault.ARGUMENTS
    return Fault.PARAMETERS if parameters else events.Rcpt(path.address)


def _path(word: bytes, arguments: bytes) -> Path | None:
    # RFC 5321, section 3.3: no space on either side of the colon.
    if arguments[: len(word)].upper() != word:
        return None
    return read_path(arguments[len(word) :])


def _bad_address(arguments: bytes, fault: Fault) -> Fault:
    # SMTPUTF8 is not announced: the maildrop's readers may not know UTF-8 headers (RFC 6856).
    return fault if arguments.isascii() else Fault.NOT_ASCII


def _parameters(octets: bytes) -> dict[bytes, bytes] | None:
    """Return keywords in upper case with their values, None where they are malformed."""
    if octets and not octets.startswith(b" "):
        return None
    words = octets.split(b" ")[1:]
    matches = [PARAMETER.fullmatch(word) for word in words]
    parameters = {match[1].upper(): match[2] or b"" for match in matches if match}
    return parameters if len(parameters) == len(words) else None  # malformed, or said twice


_OPEN = frozenset(State) - {State.DATA, State.CLOSED}
_READY = frozenset({State.READY})
_WITH_SENDER = frozenset({State.SENDER, State.RECIPIENTS})
_WITH_RECIPIENT = frozenset({State.RECIPIENTS})

COMMANDS = {
    b"LHLO": Command(_OPEN, _name),
    # RFC 2033, section 4.1: a sender of SMTP has the wrong port and must learn it.
    b"HELO": Command(_OPEN, lambda _: Fault.NOT_LMTP),
    b"EHLO": Command(_OPEN, lambda _: Fault.NOT_LMTP),
    b"MAIL": Command(_READY, _mail),
    b"RCPT": Command(_WITH_SENDER, _rcpt),
    b"DATA": Command(_WITH_RECIPIENT, _nothing(events.Data())),
    # RFC 3030, not announced: its octets follow unasked, and they are no commands.
    b"BDAT": Command(_OPEN, _anything(Fatal(Fault.NOT_OFFERED))),
    b"RSET": Command(_OPEN, _nothing(events.Rset())),
    b"NOOP": Command(_OPEN, _anything(events.Noop())),
    b"VRFY": Command(_OPEN, _anything(events.Vrfy())),
    b"EXPN": Command(_OPEN, lambda _: Fault.NOT_OFFERED),
    b"HELP": Command(_OPEN, lambda _: Fault.NOT_OFFERED),
    b"QUIT": Command(_OPEN, _nothing(events.Quit())),
}
