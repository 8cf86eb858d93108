"""PROXY headers of both versions, cut into any chunks."""

from collections.abc import Iterable
from ipaddress import ip_address

from fuzz.knobs import Knobs, chunked, require
from pillarbox.wire.proxy import v1, v2
from pillarbox.wire.proxy.crc32c import crc32c
from pillarbox.wire.proxy.header import Header, Malformed
from pillarbox.wire.proxy.reader import HeaderReader

MOST_OCTETS = 600
UNFOLDED = 6000  # the longest header has 4112
LAST_PORT = 65_535
TCP4 = bytes.fromhex("c0000201c6336401dc0403e3")


def one_input(octets: bytes) -> None:
    """Read a header whole and in chunks; both must say the same."""
    knobs = Knobs(octets)
    sizes = knobs.sizes()
    said = knobs.unfolded(UNFOLDED)
    whole, in_chunks = _read([said]), _read(chunked(said, sizes))
    require(whole == in_chunks, "the chunks decide what a header says")
    if isinstance(whole[0], Header) and whole[0].origin:
        address = ip_address(whole[0].origin.address)
        require(str(address) == whole[0].origin.address, "an address that is not canonical")
        require(0 <= whole[0].origin.port <= LAST_PORT, "a port that is none")


def _read(chunks: Iterable[bytes]) -> tuple[Header | Malformed | None, bytes]:
    reader, left = HeaderReader(), iter(chunks)
    for chunk in left:
        if (said := reader.feed(chunk)) is not None:
            rest = reader.rest + b"".join(left)
            return said, rest if isinstance(said, Header) else b""
    return None, b""


def _v2(fixed: str, rest: bytes) -> bytes:
    return v2.SIGNATURE + bytes.fromhex(fixed) + len(rest).to_bytes(2) + rest


def _checked() -> bytes:
    zeroed = _v2("2111", TCP4 + bytes.fromhex("030004") + bytes(4))
    return zeroed[:-4] + crc32c(zeroed).to_bytes(4)


_HEADERS = (
    b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 995\r\nCAPA\r\n",
    b"PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 65535\r\n",
    b"PROXY UNKNOWN whatever\r\n",
    b"PROXY UNKNOWN\r\n",
    b"PROXY TCP4 192.0.2.1 \xff\x02",
    _v2("2000", b""),
    _v2("2111", TCP4) + b"CAPA\r\n",
    _v2("2111", TCP4 + bytes.fromhex("04000c") + bytes(12)),
    _v2("2121", bytes(range(36))),
    _v2("2131", bytes(216)),
    _v2("2100", b""),
    _checked(),
)
SEEDS = tuple(knobs + header for header in _HEADERS for knobs in (b"\0", b"\1\0", b"\2\1\6"))
WORDS = (v1.SIGNATURE, v2.SIGNATURE, b"TCP4", b"TCP6", b"UNKNOWN", b"\r\n", b"::ffff:")
