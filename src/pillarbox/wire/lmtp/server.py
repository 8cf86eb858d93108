"""The server's half of the conversation: octets in any chunks become events, one at a time.

The caller feeds what it reads, takes events until there is none, and says what came of them
(`happened`). Every limit on what a sender may send is here.
"""

from pillarbox.wire.dots import DotReader
from pillarbox.wire.lines import LineBuffer, TooLong
from pillarbox.wire.lmtp.events import (
    Broken,
    Chunk,
    End,
    Event,
    Fatal,
    Fault,
    Mail,
    Malformed,
    TooBig,
)
from pillarbox.wire.lmtp.grammar import parse
from pillarbox.wire.lmtp.line_ends import LineEnds
from pillarbox.wire.lmtp.state import Outcome, State, moved

COMMAND_OCTETS = 512  # RFC 5321, section 4.5.3.1.4, CRLF included
MAIL_OCTETS = COMMAND_OCTETS + 26 + 17  # RFC 1870, section 3 and RFC 6152, section 2
NO_COMMAND = {Fault.UNKNOWN, Fault.TOO_LONG}


class ServerConversation:
    """One sender's session, as far as the protocol sees it."""

    def __init__(self, message_octets: int) -> None:
        self.state = State.GREETED
        self._message_octets = message_octets
        self._line_ends = LineEnds()
        self._received = bytearray()
        self._lines = LineBuffer()
        self._reader = DotReader()
        self._octets = 0
        self._data_was_refused = False

    @property
    def has_passed_end(self) -> bool:
        """Whether the end of a broken message has come in."""
        return self._line_ends.has_passed_end

    def feed(self, octets: bytes) -> None:
        """Take what was received. Take all events before feeding again: that bounds the memory."""
        self._received += self._line_ends.feed(octets)

    def next_event(self) -> Event | None:
        """Return what the sender says next, None where more octets are needed."""
        if self.state is State.CLOSED:
            return None
        is_data = self.state is State.DATA
        event = self._message() if is_data else self._command()
        if event is None and self._line_ends.is_broken:
            return Broken() if is_data else Fatal(Fault.BARE_LINE_END)
        return event

    def happened(self, outcome: Outcome) -> None:
        """Move to the state that follows."""
        self.state = moved(self.state, outcome)
        if outcome is Outcome.DATA_BEGUN:
            self._reader = DotReader()
            self._octets = 0

    # Commands

    def _command(self) -> Event | None:
        # Line by line: what stands behind a DATA is no line.
        while self._received:
            end = self._received.find(b"\n") + 1 or len(self._received)
            self._lines.feed(bytes(self._received[:end]))
            del self._received[:end]
            line = self._lines.next_line(self._limit()) if self._lines.reach_line() else None
            if line is not None:
                return self._checked(self._read(line))
        return None

    def _limit(self) -> int:
        return MAIL_OCTETS if self._lines.starts_with(b"MAIL ") else COMMAND_OCTETS

    def _read(self, line: bytes | TooLong) -> Event:
        if isinstance(line, TooLong):
            return Malformed(Fault.TOO_LONG)
        event = parse(line, self.state)
        if isinstance(event, Mail) and (event.octets or 0) > self._message_octets:
            return Malformed(Fault.TOO_BIG)
        return event

    def _checked(self, event: Event) -> Event:
        """Return the event, a Fatal where it may be part of a message that nobody asked for.

        A sender that does not wait for 354 would have its message run as commands: octets right
        behind a refused DATA are one, and so is a line after it that is no command at all.
        """
        was_refused, self._data_was_refused = self._data_was_refused, False
        if not isinstance(event, Malformed):
            return event
        self._data_was_refused = event.is_data
        is_message = self._received if event.is_data else was_refused and event.fault in NO_COMMAND
        return Fatal(event.fault) if is_message else event

    # The message

    def _message(self) -> Event | None:
        reader = self._reader
        if self._received and not reader.is_finished:
            octets = self._next_octets()
            if octets:
                return Chunk(octets)
        if reader.is_finished:
            return TooBig() if self._octets > self._message_octets else End()
        return None

    def _next_octets(self) -> bytes:
        """Return what may be kept of the next octets: nothing beyond the limit."""
        octets = self._reader.feed(bytes(self._received))
        self._received[:] = self._reader.rest
        room = max(0, self._message_octets - self._octets)
        self._octets += len(octets)
        return octets[:room]
