"""The server's half of the conversation: octets in any chunks become events, one at a time.

The caller feeds what it reads, takes events until there is none, and says what came of them
(`happened`, `challenged`). Every limit on what a client may send is here.
"""

from pillarbox.wire.lines import LineBuffer, TooLong
from pillarbox.wire.pop3.events import Event, Fault, HttpRequest, Malformed, StlsInjection
from pillarbox.wire.pop3.grammar import HTTP_VERBS, decode_response, parse
from pillarbox.wire.pop3.state import Outcome, State, moved
from pillarbox.wire.pop3.verbs import COMMAND_OCTETS, AuthResponse, Stls, User

AUTH_OCTETS = 12_288  # RFC 5034, section 4: as long as the mechanisms need; 8 KB tokens in base64


class ServerConversation:
    """One client's session, as far as the protocol sees it."""

    def __init__(self) -> None:
        self.state = State.AUTHORIZATION
        self._lines = LineBuffer()
        self._name: str | None = None
        self._is_challenged = False
        self._is_deaf = False  # after what is no POP3

    def __len__(self) -> int:
        """Return how many octets are held."""
        return len(self._lines)

    def feed(self, octets: bytes) -> None:
        """Take what was received. Take all events before feeding again: that bounds the memory."""
        self._lines.feed(octets)

    def next_event(self) -> Event | None:
        """Return what the client says next, None where more octets are needed."""
        if not self._lines.reach_line():
            return None
        if self._is_deaf or self._is_http():
            return self._close_ears()
        line = self._lines.next_line(self._limit())
        if line is None:
            return None
        if self._is_challenged:
            return self._answer(line)
        event = self._command(line)
        self._name = event.name if isinstance(event, User) else None
        return event

    def challenged(self) -> None:
        """Note that a challenge was sent: the next line is its answer and no command."""
        self._is_challenged = True

    def happened(self, outcome: Outcome) -> None:
        """Move to the state that follows."""
        self.state = moved(self.state, outcome)
        self._name = None

    def _close_ears(self) -> HttpRequest | None:
        """Hear nothing any more; say so once."""
        self._lines.clear()
        was_deaf, self._is_deaf = self._is_deaf, True
        return None if was_deaf else HttpRequest()

    def _is_http(self) -> bool:
        is_first = self.state is State.AUTHORIZATION and not self._is_challenged
        return is_first and self._lines.starts_with(*HTTP_VERBS)

    def _limit(self) -> int:
        # A long initial response is taken too, though a client should not send one.
        is_auth = self._is_challenged or self._lines.starts_with(b"AUTH ")
        return AUTH_OCTETS if is_auth else COMMAND_OCTETS

    def _command(self, line: bytes | TooLong) -> Event:
        if isinstance(line, TooLong):
            return Malformed(Fault.TOO_LONG)
        event = parse(line, self.state, self._name)
        # RFC 2595, section 4: nothing may follow STLS before TLS has begun.
        return StlsInjection() if isinstance(event, Stls) and len(self._lines) else event

    def _answer(self, line: bytes | TooLong) -> Event:
        self._is_challenged = False
        if isinstance(line, TooLong):
            return Malformed(Fault.TOO_LONG)
        if line == b"*":
            return Malformed(Fault.CANCELLED)
        response = decode_response(line)
        return Malformed(Fault.NOT_BASE64) if response is None else AuthResponse(response)
