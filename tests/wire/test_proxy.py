"""PROXY headers: what is believed, what is refused, and that chunks and garbage do no harm."""

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.wire.proxy import v1, v2
from pillarbox.wire.proxy.crc32c import crc32c
from pillarbox.wire.proxy.header import Header, Malformed, Origin
from pillarbox.wire.proxy.reader import HeaderReader
from tests.wire.cutting import PLACES, cut

HELLO = b"\x16\x03\x01\x02\x00"  # what stands behind a header: a ClientHello
V4_BLOCK = IPv4Address("192.0.2.1").packed + IPv4Address("198.51.100.1").packed
PORTS = struct.pack("!HH", 56324, 995)
TCP4 = V4_BLOCK + PORTS
TCP6 = IPv6Address("2001:db8::1").packed + IPv6Address("2001:db8::2").packed + PORTS
ORIGIN = Header(Origin("192.0.2.1", 56324))

Result = tuple[Header | Malformed | None, bytes]


def binary(rest: bytes, *, command: int = v2.PROXY, family: int = 0x11) -> bytes:
    return v2.SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


def value(kind: int, octets: bytes) -> bytes:
    return struct.pack("!BH", kind, len(octets)) + octets


def checked(rest: bytes) -> bytes:
    """Return a header with a checksum that holds."""
    unchecked = binary(rest + value(v2.CHECKSUM, bytes(4)))
    return unchecked[:-4] + crc32c(unchecked).to_bytes(4, "big")


def read(*chunks: bytes) -> Result:
    """Return what came of it, and every octet behind it."""
    reader = HeaderReader()
    for index, chunk in enumerate(chunks):
        found = reader.feed(chunk)
        if found is not None:
            return found, reader.rest + b"".join(chunks[index + 1 :])
    return None, b""


GOOD = {
    "version 1, IPv4": (b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 995\r\n", ORIGIN),
    "version 1, the least and the greatest": (
        b"PROXY TCP4 0.0.0.1 255.255.255.255 0 65535\r\n",
        Header(Origin("0.0.0.1", 0)),
    ),
    "version 1, IPv6": (
        b"PROXY TCP6 2001:DB8::1 2001:db8::2 56324 995\r\n",
        Header(Origin("2001:db8::1", 56324)),
    ),
    "version 1, the longest addresses": (
        b"PROXY TCP6 " + b" ".join([b":".join([b"ffff"] * 8)] * 2) + b" 65535 65535\r\n",
        Header(Origin(":".join(["ffff"] * 8), 65535)),
    ),
    "version 1, IPv4 in IPv6": (
        b"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.1 56324 995\r\n",
        ORIGIN,
    ),
    "version 1, unknown": (b"PROXY UNKNOWN\r\n", Header()),
    "version 1, unknown with more": (b"PROXY UNKNOWN ffff::1 \0 \xff\r 1\n2\r\n", Header()),
    "version 1, the longest line": (b"PROXY UNKNOWN ".ljust(105, b"x") + b"\r\n", Header()),
    "version 2, IPv4": (binary(TCP4), ORIGIN),
    "version 2, IPv6": (binary(TCP6, family=0x21), Header(Origin("2001:db8::1", 56324))),
    "version 2, IPv4 in IPv6": (
        binary(IPv6Address("::ffff:192.0.2.1").packed * 2 + PORTS, family=0x21),
        ORIGIN,
    ),
    "version 2, unspecified": (binary(b"", family=0), Header()),
    "version 2, UDP": (binary(TCP4, family=0x12), Header()),
    "version 2, UDP over IPv6": (binary(TCP6, family=0x22), Header()),
    "version 2, a Unix socket": (binary(bytes(216), family=0x31), Header()),
    "version 2, a Unix datagram": (binary(bytes(216), family=0x32), Header()),
    "version 2, local": (binary(b"", command=v2.LOCAL, family=0), Header()),
    "version 2, local with what is none": (
        binary(b"\xff" * 5, command=v2.LOCAL, family=0x77),
        Header(),
    ),
    "version 2, values": (
        binary(TCP4 + value(1, b"pop3") + value(4, b"") + value(0xEE, bytes(300))),
        ORIGIN,
    ),
    "version 2, unspecified with values": (binary(value(4, bytes(9)), family=0), Header()),
    "version 2, the longest": (binary(TCP4 + value(4, bytes(4096 - 12 - 3))), ORIGIN),
    "version 2, a checksum": (checked(TCP4), ORIGIN),
    "version 2, a checksum behind values": (checked(TCP4 + value(2, b"mail.example")), ORIGIN),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_header_is_believed_and_nothing_behind_it_is_lost(case: str) -> None:
    octets, expected = GOOD[case]

    assert (expected, HELLO) == read(octets + HELLO)
    assert (expected, HELLO) == read(*(bytes([octet]) for octet in octets), HELLO)
    assert (expected, b"") == read(octets)


@pytest.mark.parametrize("case", GOOD)
def test_a_header_that_is_not_whole_is_waited_for(case: str) -> None:
    octets, _ = GOOD[case]

    assert [(None, b"")] * len(octets) == [read(octets[:count]) for count in range(len(octets))]


BAD = {
    "TLS at once": HELLO,
    "POP3": b"CAPA\r\n",
    "HTTP": b"GET / HTTP/1.1\r\n",
    "lower case": b"proxy TCP4 192.0.2.1 198.51.100.1 56324 995\r\n",
    "a line end first": b"\r\nPROXY UNKNOWN\r\n",
    "nothing said": b"PROXY \r\n",
    "no space": b"PROXYTCP4 192.0.2.1 198.51.100.1 56324 995\r\n",
    "unknown and no space": b"PROXY UNKNOWNX\r\n",
    "another family": b"PROXY UDP4 192.0.2.1 198.51.100.1 56324 995\r\n",
    "IPv6 called IPv4": b"PROXY TCP4 2001:db8::1 2001:db8::2 56324 995\r\n",
    "IPv4 called IPv6": b"PROXY TCP6 192.0.2.1 198.51.100.1 56324 995\r\n",
    "two families": b"PROXY TCP4 192.0.2.1 2001:db8::2 56324 995\r\n",
    "a zone": b"PROXY TCP6 fe80::1%eth0 fe80::2 56324 995\r\n",
    "an octet with a leading zero": b"PROXY TCP4 192.0.02.1 198.51.100.1 56324 995\r\n",
    "an octet above 255": b"PROXY TCP4 192.0.2.256 198.51.100.1 56324 995\r\n",
    "three octets": b"PROXY TCP4 192.0.2 198.51.100.1 56324 995\r\n",
    "two times ::": b"PROXY TCP6 1::2::3 2001:db8::2 56324 995\r\n",
    "a port above 65535": b"PROXY TCP4 192.0.2.1 198.51.100.1 65536 995\r\n",
    "a target port above 65535": b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 99999\r\n",
    "a port of six digits": b"PROXY TCP4 192.0.2.1 198.51.100.1 100000 995\r\n",
    "a port with a leading zero": b"PROXY TCP4 192.0.2.1 198.51.100.1 056 995\r\n",
    "a port with a sign": b"PROXY TCP4 192.0.2.1 198.51.100.1 +56 995\r\n",
    "digits of another alphabet": "PROXY TCP4 192.0.2.1 198.51.100.1 ١ 995\r\n".encode(),
    "two spaces": b"PROXY TCP4  192.0.2.1 198.51.100.1 56324 995\r\n",
    "a space behind it": b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 995 \r\n",
    "a field too few": b"PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
    "a field too many": b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 995 1\r\n",
    "NUL": b"PROXY TCP4 192.0.2.1\0 198.51.100.1 56324 995\r\n",
    "a bare LF": b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 995\nCAPA\r\n",
    "a line too long": b"PROXY UNKNOWN ".ljust(106, b"x") + b"\r\n",
    "a line without end": b"PROXY TCP4 ".ljust(107, b"1"),
    "another version": binary(TCP4, command=0x11),
    "another command": binary(TCP4, command=0x22),
    "another address family": binary(TCP4, family=0x41),
    "another transport": binary(TCP4, family=0x13),
    "a transport without a family": binary(b"", family=0x01),
    "a family without a transport": binary(TCP4, family=0x10),
    "no addresses": binary(b""),
    "half an address block": binary(TCP4[:-1]),
    "IPv6 in the space of IPv4": binary(TCP4, family=0x21),
    "too long": binary(TCP4 + value(4, bytes(4096 - 12 - 3 + 1))),
    "a local one too long": binary(bytes(4097), command=v2.LOCAL),
    "the greatest length": v2.SIGNATURE + b"\x21\x11\xff\xff",
    "a value cut off": binary(TCP4 + value(1, b"pop3")[:-1]),
    "a value without its length": binary(TCP4 + b"\x04\x00"),
    "a value of one octet": binary(TCP4 + b"\x04"),
    "a wrong checksum": checked(TCP4)[:-1] + bytes([checked(TCP4)[-1] ^ 1]),
    "a checksum of other addresses": checked(TCP4).replace(V4_BLOCK[:4], b"\x7f\0\0\1"),
    "a checksum of three octets": binary(TCP4 + value(v2.CHECKSUM, bytes(3))),
    "two checksums": checked(TCP4 + value(v2.CHECKSUM, bytes(4))),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_exactly_a_header_is_refused(case: str) -> None:
    assert Malformed() == read(BAD[case])[0]
    assert Malformed() == read(*(bytes([octet]) for octet in BAD[case]))[0]


def test_too_great_a_length_is_refused_before_a_single_octet_of_it() -> None:
    fixed = v2.SIGNATURE + struct.pack("!BBH", v2.PROXY, 0x11, v2.REST_OCTETS + 1)

    assert Malformed() == read(fixed)[0]


def test_the_checksum_is_that_of_rfc_3720() -> None:
    # Appendix B.4: 32 octets of zeros, of ones, counted up; and the classic nine digits.
    assert 0x8A9136AA == crc32c(bytes(32))
    assert 0x62A8AB43 == crc32c(b"\xff" * 32)
    assert 0x46DD794E == crc32c(bytes(range(32)))
    assert 0xE3069283 == crc32c(b"123456789")


def ports() -> st.SearchStrategy[int]:
    return st.integers(0, v1.LAST_PORT)


@given(st.ip_addresses(), st.data(), ports(), ports())
def test_every_address_comes_through_both_versions(
    source: IPv4Address | IPv6Address, data: st.DataObject, port: int, target_port: int
) -> None:
    target = data.draw(st.ip_addresses(v=source.version))
    text = f"PROXY TCP{source.version} {source} {target} {port} {target_port}\r\n".encode()
    block = source.packed + target.packed + struct.pack("!HH", port, target_port)
    octets = binary(block, family=0x11 if source.version == 4 else 0x21)

    assert read(text) == read(octets)
    assert read(text)[0] is not None
    assert Malformed() != read(text)[0]


NEARLY = st.builds(
    lambda octets, place, change: octets[: place % len(octets)] + change + octets[place % 99 :],
    st.sampled_from([octets for octets, _ in GOOD.values()]),
    st.integers(0, 200),
    st.binary(max_size=3),
)


@given(st.binary(max_size=300) | NEARLY, PLACES)
@example(v2.SIGNATURE, [5])
@example(b"PROXY UNKNOWN\r\n\r\n", [14])
def test_no_octets_raise_anything_and_chunks_do_not_matter(
    octets: bytes, places: list[int]
) -> None:
    whole, in_chunks = read(octets), read(*cut(octets, places))

    assert whole[0] == in_chunks[0]
    if isinstance(whole[0], Header):
        assert whole[1] == in_chunks[1]
