"""A TLS ClientHello in any chunks."""

from collections.abc import Iterable

from fuzz.knobs import Knobs, chunked, require
from pillarbox.net.client_hello import ClientHello, HelloReader, Unreadable

MOST_OCTETS = 1024
UNFOLDED = 20_000  # the longest that is read has 16,384


def one_input(octets: bytes) -> None:
    """Read what a client says first, whole and in chunks; both must say the same."""
    knobs = Knobs(octets)
    sizes = knobs.sizes()
    said = knobs.unfolded(UNFOLDED)
    whole, in_chunks = _read([said]), _read(chunked(said, sizes))
    require(whole == in_chunks, "the chunks decide what a ClientHello says")


def _read(chunks: Iterable[bytes]) -> ClientHello | Unreadable | None:
    reader = HelloReader()
    for chunk in chunks:
        if (said := reader.feed(chunk)) is not None:
            return said
    return None


def _vector(octets: bytes, width: int) -> bytes:
    return len(octets).to_bytes(width) + octets


def _extension(kind: int, octets: bytes) -> bytes:
    return kind.to_bytes(2) + _vector(octets, 2)


def _hello(*extensions: bytes, fragment: int = 16_384) -> bytes:
    body = b"\3\3" + bytes(32) + b"\0" + _vector(b"\x13\1", 2) + b"\1\0"
    body += _vector(b"".join(extensions), 2) if extensions else b""
    message = b"\1" + _vector(body, 3)
    parts = (message[at : at + fragment] for at in range(0, len(message), fragment))
    return b"".join(b"\x16\3\1" + _vector(part, 2) for part in parts)


_NAME = _extension(0, _vector(b"\0" + _vector(b"mail.example.org", 2), 2))
_ALPN = _extension(16, _vector(_vector(b"pop3", 1), 2))
_HELLOS = (
    _hello(),
    _hello(_NAME, _ALPN),
    _hello(_ALPN, _extension(35, b""), fragment=7),
    b"\x16\3\1\xff\0\xff\0" + b"\1",
    b"CAPA\r\n",
)
SEEDS = tuple(knobs + hello for hello in _HELLOS for knobs in (b"\0", b"\1\0"))
WORDS = (b"\x16\3\1", b"\1\0\0", b"\0\0", b"\0\x10", b"\3\3")
