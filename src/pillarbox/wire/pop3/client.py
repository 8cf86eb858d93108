"""The client's half of the conversation: commands to octets, and a server's octets to answers.

Commands may be sent before the answers to earlier ones have come (RFC 2449, section 6.6): answers
belong to commands in the order in which these were sent. Feed what was read, then take answers
until there is none. Every limit on what a server may send is here; a message has none, because its
octets pass through and are never held.
"""

import re
from collections import deque

from pillarbox.base.base64 import decode
from pillarbox.base.errors import Bug, PeerFault
from pillarbox.wire.dots import DotReader
from pillarbox.wire.pop3.answers import (
    Answer,
    Challenge,
    End,
    GarbageFault,
    Greeting,
    ListingTooLongFault,
    Octets,
    Reply,
    ReplyLine,
    ReplyTooLongFault,
    StlsInjectionFault,
    UnreadableChallenge,
    UnsolicitedFault,
)
from pillarbox.wire.pop3.commands import AuthCancel, Command, encode
from pillarbox.wire.pop3.verbs import (
    Auth,
    AuthResponse,
    Capa,
    Lang,
    List,
    Quit,
    Retr,
    Stls,
    Top,
    Uidl,
)

REPLY_OCTETS = 8192  # RFC 1939, section 3 allows 512; servers with long texts are let be
LISTING_OCTETS = 25_165_824  # LISTING_LINES of the longest unique-ids, with something to spare
LISTING_LINES = 262_144  # more messages than any maildrop that is served; bounds our memory

REPLY = re.compile(rb"(\+OK|-ERR)(?![A-Za-z0-9])[ \t]*(.*)", re.DOTALL)
CODE = re.compile(r"\[([!-Z^-~]{1,64})\] ?(.*)", re.DOTALL)  # RFC 2449, section 8


class ClientConversation:
    """One session with a server, as far as the protocol sees it.

    The first fault ends it: `next_answer` raises the same fault from then on.
    """

    def __init__(self) -> None:
        self._octets = b""
        self._position = 0  # of what is not taken yet: cutting it off would copy the rest
        self._awaited: deque[Command] = deque()
        self._is_closed = False  # nothing may be sent behind the last command
        self._is_greeted = False
        self._is_securing = False
        self._listing: _Listing | None = None
        self._message: DotReader | None = None
        self._fault: PeerFault | None = None

    def send(self, command: Command) -> bytes:
        """Return the octets to send; the answers are awaited from now on.

        Raises UnsendableFault, and Bug where nothing may be sent behind what was.
        """
        octets = encode(command)
        if isinstance(command, AuthResponse | AuthCancel):
            return octets
        if self._is_securing or self._is_closed:
            raise Bug("Nothing may be sent behind this command.")
        # RFC 2595, section 4; RFC 5034, section 4; RFC 1939, section 6.
        self._is_closed = isinstance(command, Stls | Auth | Quit)
        self._awaited.append(command)
        return octets

    def feed(self, octets: bytes) -> None:
        """Take what was received. Take all answers before feeding again: that bounds the memory.

        Of a message, one answer brings at most what was fed, and four octets.
        """
        left = self._octets[self._position :]
        self._octets = left + octets if left else octets
        self._position = 0

    def next_answer(self) -> Answer | None:
        """Return what the server says next, None where more octets are needed.

        Raises a PeerFault with a name of its own where the server breaks the rules.
        """
        if self._fault is not None:
            raise self._fault
        try:
            return self._next()
        except PeerFault as fault:
            self._fault = fault
            raise

    def secured(self) -> None:
        """Note that the handshake begins: nothing that was said before it counts.

        Raises StlsInjectionFault where octets have come in behind the `+OK` to STLS.
        """
        self._refuse_injection()
        self._is_securing = False

    def _next(self) -> Answer | None:
        if self._is_securing:
            self._refuse_injection()
            return None
        if self._message is not None:
            return self._next_octets(self._message)
        if self._listing is not None:
            return self._next_line(self._listing)
        return self._next_reply()

    def _refuse_injection(self) -> None:
        if self._has_octets:
            raise StlsInjectionFault("Octets came in behind the +OK to STLS.")

    # Replies

    def _next_reply(self) -> Answer | None:
        if self._has_octets and self._is_greeted and not self._awaited:
            raise UnsolicitedFault("The server spoke without being asked.")
        line = self._line()
        if line is None:
            return None
        if not self._is_greeted:
            self._is_greeted = True
            return Greeting(*_read_reply(line))
        if isinstance(self._awaited[0], Auth) and (line + b" ").startswith(b"+ "):
            return _read_challenge(line)
        command = self._awaited.popleft()
        self._is_closed = self._is_closed and bool(self._awaited)
        reply = Reply(command, *_read_reply(line))
        if reply.is_ok:
            self._expect_more(command)
        return reply

    def _expect_more(self, command: Command) -> None:
        match command:
            case Stls():
                self._is_securing = True
            case Capa() | Lang(None) | List(None) | Uidl(None):
                self._listing = _Listing()
            case Retr() | Top():
                self._message = DotReader(keeps_lone_dots=True)
            case _:
                return

    @property
    def _has_octets(self) -> bool:
        return self._position < len(self._octets)

    def _line(self) -> bytes | None:
        start = self._position
        end = self._octets.find(b"\r\n", start, start + REPLY_OCTETS)
        if end < 0:
            if len(self._octets) - start >= REPLY_OCTETS:
                raise ReplyTooLongFault(
                    "A reply line is longer than {most} octets.", most=REPLY_OCTETS
                )
            return None
        self._position = end + 2
        return self._octets[start:end]

    # Multi-line replies

    def _next_line(self, listing: "_Listing") -> Answer | None:
        line = self._line()
        if line is None:
            return None
        if line == b".":
            self._listing = None
            return End()
        listing.count(line)
        return ReplyLine(line.removeprefix(b"."))

    def _next_octets(self, message: DotReader) -> Answer | None:
        if message.is_finished:
            self._message = None
            return End()
        if not self._has_octets:
            return None
        octets = message.feed(self._octets, self._position)
        self._position = message.position or len(self._octets)
        return Octets(octets) if octets else self._next_octets(message)


class _Listing:
    """How much of a listing has come."""

    def __init__(self) -> None:
        self._octets = self._lines = 0

    def count(self, line: bytes) -> None:
        """Count a line; raises ListingTooLongFault."""
        self._lines += 1
        self._octets += len(line) + 2
        if self._lines > LISTING_LINES or self._octets > LISTING_OCTETS:
            raise ListingTooLongFault(
                "A listing is longer than {most} lines or {octets} octets.",
                most=LISTING_LINES,
                octets=LISTING_OCTETS,
            )


def _read_reply(line: bytes) -> tuple[bool, str | None, str]:
    reply = REPLY.fullmatch(line)
    if reply is None:
        raise GarbageFault("What the server sent is no reply.")
    text = _shown(reply[2])
    code = CODE.fullmatch(text)
    is_ok = reply[1] == b"+OK"
    return (is_ok, code[1].upper(), code[2]) if code else (is_ok, None, text)


def _shown(octets: bytes) -> str:
    # Whoever shows this shows it on a terminal.
    text = octets.decode("utf-8", "replace")
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _read_challenge(line: bytes) -> Challenge | UnreadableChallenge:
    octets = decode(line[2:])
    return UnreadableChallenge() if octets is None else Challenge(octets)
