"""What a client says and a server hears, as values: RFC 1939, 1460, 2449, 2595, 5034, 6856.

Both halves of the conversation share these: a client writes them, a server reads them.
"""

from dataclasses import dataclass

from pillarbox.base.secret import Secret

COMMAND_OCTETS = 255  # the longest line of a verb: RFC 2449, section 4, CRLF included


@dataclass(frozen=True, slots=True)
class Capa:
    """RFC 2449, section 5."""


@dataclass(frozen=True, slots=True)
class Stls:
    """RFC 2595, section 4; nothing may be sent behind it before TLS is on."""


@dataclass(frozen=True, slots=True)
class Utf8:
    """RFC 6856, section 2: headers and names may be UTF-8 from now on."""


@dataclass(frozen=True, slots=True)
class Lang:
    """RFC 6856, section 3: a language tag, "*" for what the server prefers, None to list them."""

    tag: str | None = None


@dataclass(frozen=True, slots=True)
class User:
    """RFC 1939, section 7; a server holds the name for the PASS that may follow."""

    name: str


@dataclass(frozen=True, slots=True)
class Apop:
    """RFC 1939, section 7; `digest` is 32 hex digits."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Auth:
    """RFC 5034, section 4; `initial` is the initial response, decoded, None where there is none.

    One that the line cannot hold waits for a challenge.
    """

    mechanism: str
    initial: Secret | None


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """RFC 5034, section 4: the answer to a challenge, decoded."""

    response: Secret


@dataclass(frozen=True, slots=True)
class Stat:
    """RFC 1939, section 5."""


@dataclass(frozen=True, slots=True)
class List:
    """RFC 1939, section 5; all messages where `number` is None."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Uidl:
    """RFC 1939, section 7; all messages where `number` is None."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Retr:
    """RFC 1939, section 5."""

    number: int


@dataclass(frozen=True, slots=True)
class Top:
    """RFC 1939, section 7; the header and `lines` of the body."""

    number: int
    lines: int


@dataclass(frozen=True, slots=True)
class Dele:
    """RFC 1939, section 5."""

    number: int


@dataclass(frozen=True, slots=True)
class Noop:
    """RFC 1939, section 5."""


@dataclass(frozen=True, slots=True)
class Rset:
    """RFC 1939, section 5."""


@dataclass(frozen=True, slots=True)
class Last:
    """RFC 1460, section 5, which RFC 1725 dropped: the highest message number read."""


@dataclass(frozen=True, slots=True)
class Quit:
    """RFC 1939, sections 4 and 6."""
