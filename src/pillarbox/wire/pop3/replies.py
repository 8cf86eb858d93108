"""Replies as octets. Texts are fixed: nothing that a client sent ever comes back to it."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from pillarbox.base.base64 import encode
from pillarbox.base.errors import Bug

REPLY_OCTETS = 512  # RFC 1939, section 3, CRLF included
BLOCK_OCTETS = 65_536  # how much of a long listing is built at a time


class Code(StrEnum):
    """Reply codes, each sent only where it is true: RFC 2449, section 8; RFC 3206; RFC 6856."""

    IN_USE = "[IN-USE]"
    LOGIN_DELAY = "[LOGIN-DELAY]"
    AUTH = "[AUTH]"
    SYS_TEMP = "[SYS/TEMP]"
    SYS_PERM = "[SYS/PERM]"
    UTF8 = "[UTF8]"


def ok(text: str = "") -> bytes:
    """Return a positive reply."""
    return _line(f"+OK {text}" if text else "+OK")


def err(text: str, code: Code | None = None) -> bytes:
    """Return a negative reply; the text never starts with "[", RFC 2449, section 6.4."""
    return _line(f"-ERR {code} {text}" if code else f"-ERR {text}")


def challenge(octets: bytes = b"") -> bytes:
    """Return a challenge; an empty one is a plus and a space, RFC 5034, section 4."""
    return b"+ " + encode(octets) + b"\r\n"


def multi_line(first: str, lines: Iterable[str]) -> Iterator[bytes]:
    """Yield a multi-line reply in blocks; no line may start with a dot."""
    block = bytearray(ok(first))
    for line in lines:
        block += line.encode("utf-8") + b"\r\n"
        if len(block) >= BLOCK_OCTETS:
            yield bytes(block)
            block.clear()
    yield bytes(block) + b".\r\n"


def _line(text: str) -> bytes:
    octets = text.encode("utf-8") + b"\r\n"
    if len(octets) > REPLY_OCTETS:
        raise Bug("A reply is longer than {most} octets.", most=REPLY_OCTETS)
    return octets
