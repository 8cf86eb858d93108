"""What a server can say, as values, and the ways in which it can break the rules."""

from dataclasses import dataclass

from pillarbox.base.errors import PeerFault
from pillarbox.wire.pop3.commands import Command


@dataclass(frozen=True, slots=True)
class Greeting:
    """The server's first line. `code` and `text` as in Reply."""

    is_ok: bool
    code: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The first line of what the server says to `command`.

    `code` is the reply code in upper case without brackets, e.g. "SYS/TEMP" (RFC 2449, section 8),
    None where there is none. `text` has only characters that can be shown.
    """

    command: Command
    is_ok: bool
    code: str | None
    text: str


@dataclass(frozen=True, slots=True)
class ReplyLine:
    """A line of a multi-line reply that is no message, un-stuffed, without its CRLF."""

    line: bytes


@dataclass(frozen=True, slots=True)
class Octets:
    """The next octets of a message, un-stuffed; never empty."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The end of a multi-line reply."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The server waits for an AuthResponse or an AuthCancel; RFC 5034, section 4."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class UnreadableChallenge:
    """A challenge that is not base64; RFC 5034, section 4 asks for an AuthCancel."""


Answer = Greeting | Reply | ReplyLine | Octets | End | Challenge | UnreadableChallenge


class ReplyTooLongFault(PeerFault):
    """A reply line went past every limit; RFC 1939, section 3 allows 512 octets."""


class ListingTooLongFault(PeerFault):
    """A listing went past what any maildrop needs."""


class GarbageFault(PeerFault):
    """What came is no reply."""


class UnsolicitedFault(PeerFault):
    """Octets came that nothing had asked for."""


class StlsInjectionFault(PeerFault):
    """Octets came between the server's `+OK` to STLS and TLS: anybody may have put them there."""
