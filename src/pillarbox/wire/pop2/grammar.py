"""What a POP2 client can say, and the table of it: RFC 937, "Server Decision Table"."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from pillarbox.base.secret import Secret
from pillarbox.wire.pop3.events import Fault
from pillarbox.wire.table import Command, TableConversation, without_arguments

# "Formal Syntax". Its <punct> forgets the full stop and the semicolon, which its own examples use.
PRINT = rb"(?:[!-\[\]-~]|\\[\x00-\x7f])"
HELO = re.compile(rb" *(%b+) +(%b+) *" % (PRINT, PRINT))
FOLD = re.compile(rb" *(%b(?:%b| )*)" % (PRINT, PRINT))
NUMBER = re.compile(rb"[0-9]*")  # the line's limit keeps int() cheap
QUOTED = re.compile(rb"\\(.)", re.DOTALL)


class State(Enum):
    """Where a session is, by the names of the "Server State Diagram"."""

    AUTH = auto()
    MBOX = auto()
    ITEM = auto()
    NEXT = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class Helo:
    """Who is there; unquoted."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Fold:
    """Select a mailbox; unquoted."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Read:
    """Tell a message's length; the current one's where `number` is None."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Retr:
    """Send the current message."""


@dataclass(frozen=True, slots=True)
class Ack:
    """ACKS, ACKD and NACK: whether the message was received, and whether it is to be removed."""

    is_received: bool
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Quit:
    """The client is done."""


Event = Helo | Fold | Read | Retr | Ack | Quit


def conversation() -> TableConversation[State, Event]:
    """Return the server's half of a new conversation."""
    return TableConversation(COMMANDS, State.AUTH, State.DONE)


def _helo(arguments: bytes) -> Event | Fault:
    words = HELO.fullmatch(arguments)
    if words is None:
        return Fault.ARGUMENTS
    user = _unquoted(words[1]).decode("ascii")
    return Helo(user, Secret(_unquoted(words[2]))) if user.isprintable() else Fault.ARGUMENTS


def _fold(arguments: bytes) -> Event | Fault:
    mailbox = FOLD.fullmatch(arguments)
    return Fold(_unquoted(mailbox[1]).decode("ascii")) if mailbox else Fault.ARGUMENTS


def _read(arguments: bytes) -> Event | Fault:
    number = arguments.strip(b" ")
    if not NUMBER.fullmatch(number):
        return Fault.ARGUMENTS
    return Read(int(number) if number else None)


def _unquoted(octets: bytes) -> bytes:
    return QUOTED.sub(rb"\1", octets)


_SELECTED = frozenset({State.MBOX, State.ITEM})
_SENT = frozenset({State.NEXT})

COMMANDS: dict[bytes, Command[State, Event]] = {
    b"HELO": Command(frozenset({State.AUTH}), _helo, State.MBOX),
    b"FOLD": Command(_SELECTED, _fold, State.MBOX),
    b"READ": Command(_SELECTED, _read, State.ITEM),
    b"RETR": Command(frozenset({State.ITEM}), without_arguments(Retr()), State.NEXT),
    b"ACKS": Command(_SENT, without_arguments(Ack(is_received=True)), State.ITEM),
    b"ACKD": Command(_SENT, without_arguments(Ack(is_received=True, is_marked=True)), State.ITEM),
    b"NACK": Command(_SENT, without_arguments(Ack(is_received=False)), State.ITEM),
    b"QUIT": Command(_SELECTED | {State.AUTH}, without_arguments(Quit()), State.DONE),
}
