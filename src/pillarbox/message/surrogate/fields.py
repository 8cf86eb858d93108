"""A block of header fields without anything beyond ASCII: RFC 6857, section 3.2.

What is ASCII stays octet for octet, and so does a whole block in which not all is valid UTF-8: it
is from before RFC 6532, and nobody can say what it means.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from pillarbox.message.surrogate.addresses import write_addresses
from pillarbox.message.surrogate.parameters import write_parameters
from pillarbox.message.surrogate.tokens import Token, is_plain, tokens, write_tokens
from pillarbox.message.surrogate.words import FieldWriter

NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")  # RFC 5322, section 2.2, and the space of section 4.5
FIELD_START = re.compile(rb"\r\n(?![ \t])")

ADDRESSES = (
    "from sender reply-to to cc bcc resent-from resent-sender resent-reply-to resent-to resent-cc"
    " resent-bcc return-path disposition-notification-to"
)
IDENTIFIERS = "message-id in-reply-to references resent-message-id content-id"
WORDS = (
    "date resent-date mime-version content-transfer-encoding content-language accept-language"
    " auto-submitted keywords list-id"
)
RECEIVED_CLAUSES = frozenset(("from", "by", "via", "with", "id"))  # RFC 5321, section 4.4
TYPED = re.compile(r"[ \t]*utf-8[ \t]*;[ \t]*([^ \t()]+)[ \t]*", re.IGNORECASE)
XTEXT_ESCAPED = frozenset("\\+=")  # RFC 6533, section 3


def name_of(field: bytes) -> str | None:
    """Return a field's name in small letters; None where the line starts no field."""
    match = NAME.match(field)
    return match[1].decode("ascii").lower() if match else None


def in_ascii(block: bytes) -> bytes:
    """Return a block of lines that each end in CRLF, its fields in ASCII. Never raises.

    A line that is neither a field nor the rest of one becomes encoded words too.
    """
    if block.isascii() or not _is_utf8(block):
        return block
    return b"".join(field if field.isascii() else _field(field) for field in fields(block))


def fields(block: bytes) -> Iterator[bytes]:
    """Yield each field with the lines that continue it."""
    start = 0
    for match in FIELD_START.finditer(block):
        yield block[start : match.end()]
        start = match.end()
    if start < len(block):
        yield block[start:]


def value_of(field: bytes) -> str:
    """Return what follows the name, unfolded: RFC 5322, section 2.2.3."""
    return field.partition(b":")[2].replace(b"\r\n", b"").decode("latin-1")


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _field(field: bytes) -> bytes:
    match = NAME.match(field)
    start = match[0].decode("ascii") if match else ""
    text = field[len(start) :].replace(b"\r\n", b"").decode()
    write = WRITERS.get(name_of(field) or "", _unstructured)
    # A line that was cut because it is longer than any may be goes on behind a fold.
    return (write(start, text) + (" " if not field.endswith(b"\n") else "")).encode("ascii")


def _unstructured(start: str, text: str) -> str:
    writer = FieldWriter(start)
    writer.unstructured(text)
    return writer.finish()


def _structured(
    start: str, text: str, write: Callable[[FieldWriter, Sequence[Token]], None]
) -> str:
    found = tokens(text)
    if found is None:
        return _unstructured(start, text)
    writer = FieldWriter(start)
    write(writer, found)
    return writer.finish()


def _addresses(start: str, text: str) -> str:
    return _structured(start, text, write_addresses)


def _words(start: str, text: str) -> str:
    return _structured(start, text, write_tokens)


def _received(start: str, text: str) -> str:
    return _structured(start, text, _write_received)


def _write_received(writer: FieldWriter, found: Sequence[Token]) -> None:
    """Write a Received field, without the recipient who cannot be said: RFC 6857, 3.1.1."""
    start = next((at for at, token in enumerate(found) if token.text.lower() == "for"), len(found))
    end = start
    while end < len(found) and not _starts_clause(found[end]):
        end += 1
    if is_plain(found[start:end]):
        write_tokens(writer, found)
    else:
        write_tokens(writer, [*found[:start], *found[end:]])


def _starts_clause(token: Token) -> bool:
    return token.is_special(";") or token.text.lower() in RECEIVED_CLAUSES


def _parameters(start: str, text: str) -> str:
    writer = FieldWriter(start)
    write_parameters(writer, text)
    return writer.finish()


def _identifiers(start: str, text: str) -> str:
    found = tokens(text)
    if found is None or not is_plain(found):
        return _encapsulated(start, text)
    return _words(start, text)


def _typed_address(start: str, text: str) -> str:
    """Return an address in the ASCII form of its type: RFC 6533, section 3."""
    match = TYPED.fullmatch(text)
    if match is None:
        return _encapsulated(start, text)
    writer = FieldWriter(start)
    writer.literal(" ", "utf-8;")
    writer.literal(" ", "".join(map(_xtext, match[1])))
    return writer.finish()


def _xtext(character: str) -> str:
    if character.isascii() and character not in XTEXT_ESCAPED:
        return character
    return f"\\x{{{ord(character):02X}}}"


def _encapsulated(start: str, text: str) -> str:
    """Return what no ASCII field of this name can hold, for people to read: RFC 6857, 3.1.10."""
    return _unstructured(f"Downgraded-{start}", text)


WRITERS: dict[str, Callable[[str, str], str]] = {
    **dict.fromkeys(ADDRESSES.split(), _addresses),
    **dict.fromkeys(IDENTIFIERS.split(), _identifiers),
    **dict.fromkeys(WORDS.split(), _words),
    **dict.fromkeys(("content-type", "content-disposition"), _parameters),
    **dict.fromkeys(("original-recipient", "final-recipient"), _typed_address),
    "received": _received,
}
