"""A conversation that one table tells whole: each verb, where it may be said, what it leads to.

For protocols that are small enough: POP1 and POP2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from pillarbox.wire.lines import LineBuffer, TooLong
from pillarbox.wire.pop3.events import Fault

COMMAND_OCTETS = 512  # RFC 937, "Sizes", CRLF included; RFC 918 names none

S = TypeVar("S", bound=Enum)
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Command(Generic[S, E]):
    """The states a verb belongs to, the reader of its arguments, and the state it leads to."""

    states: frozenset[S]
    read: Callable[[bytes], E | Fault]
    to: S | None = None  # None: the session stays where it is


class TableConversation(Generic[S, E]):
    """One client's session: octets in any chunks become events, one at a time.

    What is heard moves `state` as the table says; whoever refuses it moves it elsewhere.
    """

    def __init__(self, commands: Mapping[bytes, Command[S, E]], start: S, over: S) -> None:
        self.state = start
        self._commands = commands
        self._over = over
        self._lines = LineBuffer()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is read."""
        return self.state is self._over

    def feed(self, octets: bytes) -> None:
        """Take what was received. Take all events before feeding again: that bounds the memory."""
        self._lines.feed(octets)

    def next_event(self) -> E | Fault | None:
        """Return what the client says next, None where more octets are needed."""
        line = None if self.is_over else self._lines.next_line(COMMAND_OCTETS)
        if line is None:
            return None
        return Fault.TOO_LONG if isinstance(line, TooLong) else self._parse(line)

    def end(self) -> None:
        """Read nothing more."""
        self.state = self._over

    def _parse(self, line: bytes) -> E | Fault:
        keyword, _, arguments = line.partition(b" ")
        command = self._commands.get(keyword.upper())
        if command is None:
            return Fault.UNKNOWN
        if self.state not in command.states:
            return Fault.WRONG_STATE
        event = command.read(arguments)
        if not isinstance(event, Fault):
            self.state = command.to or self.state
        return event


def without_arguments(event: E) -> Callable[[bytes], E | Fault]:
    """Return a reader of nothing, or of the spaces that may stand behind a keyword."""
    return lambda arguments: Fault.ARGUMENTS if arguments.strip(b" ") else event
