"""A few header fields as people read them. Never raises, whatever a message's header holds."""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pillarbox.message.charsets import to_text

HEADER_OCTETS = 65_536  # what is looked at; no field that people read stands behind that
FIELD_OCTETS = 8192  # of one field, folded
SHOWN_CHARACTERS = 1000

IDEOGRAPHIC_SPACE = "\u3000"
FIELDS = {
    name: re.compile(rb"(?im)^" + name + rb"[ \t]*:((?:[^\n]|\n[ \t])*)")
    for name in (b"subject", b"from", b"date")
}
FOLDS = re.compile(rb"[\r\n]+")
# RFC 2047, section 2, and what real mailers write: no space between words, or one inside them.
WORD = re.compile(rb"=\?([^?\s*]*)(?:\*[^?]*)?\?([BbQq])\?([^?]*)\?=")
HEADER_END = re.compile(rb"(?:\A|\r?\n)\r?\n")


@dataclass(frozen=True, slots=True)
class Headers:
    """Texts hold only characters that can be shown on one line; `date` is in UTC."""

    subject: str
    sender: str  # the From field
    date: datetime | None  # None where there is none that can be read


def read_headers(octets: bytes) -> Headers:
    """Return what the first octets of a message say; HEADER_OCTETS of them are enough."""
    header = HEADER_END.split(octets[:HEADER_OCTETS], maxsplit=1)[0]
    return Headers(
        subject=_shown(field_text(_field(header, b"subject"))),
        sender=_shown(field_text(_field(header, b"from"))),
        date=field_date(_field(header, b"date")),
    )


def _field(header: bytes, name: bytes) -> bytes:
    found = FIELDS[name].search(header)
    return FOLDS.sub(b"", found[1])[:FIELD_OCTETS].strip() if found else b""


def field_text(field: bytes) -> str:
    """Return the whole text of an unfolded field, its encoded words decoded: RFC 2047, section 6.2.

    It may hold anything; what is to be shown wants more.
    """
    pieces: list[tuple[bytes, str | None]] = []
    for octets, charset in _pieces(field):
        if pieces and pieces[-1][1] == charset:
            # Mailers cut between the octets of one character, so words are joined first.
            pieces[-1] = (pieces[-1][0] + octets, charset)
        else:
            pieces.append((octets, charset))
    return "".join(to_text(octets, charset) for octets, charset in pieces)


def _pieces(field: bytes) -> Iterator[tuple[bytes, str | None]]:
    """Yield octets with their charset; None where they are no encoded word."""
    end = 0
    for word in WORD.finditer(field):
        between = field[end : word.start()]
        # Space between two words is only there to separate them.
        if between.strip() or (between and end == 0):
            yield between, None
        yield _decoded(word[2], word[3]), word[1].decode("latin-1").lower()
        end = word.end()
    if rest := field[end:]:
        yield rest, None


def _decoded(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"Qq":
        return quopri.decodestring(text, header=True)
    try:
        return binascii.a2b_base64(text + b"==")  # padding is often missing
    except binascii.Error:
        return text


def field_date(field: bytes) -> datetime | None:
    """Return what an unfolded Date field says, in UTC; None where it cannot be read."""
    try:
        date = parsedate_to_datetime(field.decode("latin-1"))
        # RFC 5322, section 4.3: -0000 says nothing of the zone.
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _shown(text: str) -> str:
    return "".join(map(_shown_character, text)).strip()[:SHOWN_CHARACTERS]


def _shown_character(character: str) -> str:
    if character.isprintable() or character == IDEOGRAPHIC_SPACE:
        return character
    return " " if character.isspace() else "\ufffd"
