"""What a POP1 client can say, and the table of it: RFC 918, "Diagram"."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from pillarbox.base.secret import Secret
from pillarbox.wire.pop3.events import Fault
from pillarbox.wire.table import Command, TableConversation, without_arguments


class State(Enum):
    """Where a session is; RFC 918 draws these and gives them no names."""

    AUTHORIZATION = auto()
    NAMED = auto()  # USER was said: PASS must follow
    WAITING = auto()  # for a command
    OPENED = auto()  # the maildrop is open and locked: RCEV must follow
    SENT = auto()  # the mail data has gone: RCVD must follow
    DONE = auto()


@dataclass(frozen=True, slots=True)
class User:
    """Who is there."""

    name: str


@dataclass(frozen=True, slots=True)
class Pass:
    """The password of the USER before it."""

    password: Secret


@dataclass(frozen=True, slots=True)
class Open:
    """RETR and RDEL: begin to read all of a mailbox; RDEL is to remove it too."""

    mailbox: str
    is_removed: bool


@dataclass(frozen=True, slots=True)
class Rcev:
    """Send the mail data."""


@dataclass(frozen=True, slots=True)
class Rcvd:
    """The client has received and accepted the mail."""


@dataclass(frozen=True, slots=True)
class Rset:
    """Abort the transaction."""


@dataclass(frozen=True, slots=True)
class Noop:
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Quit:
    """The client is done."""


Event = User | Pass | Open | Rcev | Rcvd | Rset | Noop | Quit


def conversation() -> TableConversation[State, Event]:
    """Return the server's half of a new conversation."""
    return TableConversation(COMMANDS, State.AUTHORIZATION, State.DONE)


def _text(event: Callable[[str], Event]) -> Callable[[bytes], Event | Fault]:
    def read(arguments: bytes) -> Event | Fault:
        try:
            text = arguments.strip(b" ").decode("utf-8")
        except UnicodeDecodeError:
            return Fault.ARGUMENTS
        return event(text) if text and text.isprintable() else Fault.ARGUMENTS

    return read


def _password(arguments: bytes) -> Event | Fault:
    return Pass(Secret(arguments)) if arguments else Fault.ARGUMENTS


_EVERYWHERE = frozenset(State) - {State.DONE}
_LOGGING_IN = frozenset({State.AUTHORIZATION, State.NAMED})
_WAITING = frozenset({State.WAITING})
_RCEV: Command[State, Event] = Command(
    frozenset({State.OPENED}), without_arguments(Rcev()), State.SENT
)

COMMANDS: dict[bytes, Command[State, Event]] = {
    b"USER": Command(_LOGGING_IN, _text(User), State.NAMED),
    b"PASS": Command(frozenset({State.NAMED}), _password, State.WAITING),
    b"RETR": Command(_WAITING, _text(partial(Open, is_removed=False)), State.OPENED),
    b"RDEL": Command(_WAITING, _text(partial(Open, is_removed=True)), State.OPENED),
    b"RCEV": _RCEV,
    b"RECV": _RCEV,  # so says the diagram
    b"RCVD": Command(frozenset({State.SENT}), without_arguments(Rcvd()), State.WAITING),
    b"RSET": Command(_EVERYWHERE - _LOGGING_IN, without_arguments(Rset()), State.WAITING),
    # To these two there is no other response than "+OK".
    b"NOOP": Command(_EVERYWHERE, without_arguments(Noop())),
    b"QUIT": Command(_EVERYWHERE, without_arguments(Quit()), State.DONE),
}
