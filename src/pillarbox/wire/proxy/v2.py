"""Version 2: sixteen octets, then addresses and what else the proxy likes to tell (TLVs).

Section 2.2 of HAProxy's document. What is told beside the addresses is skipped; it must be well
formed all the same, and where there is a checksum, it must hold.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from pillarbox.wire.proxy.crc32c import crc32c
from pillarbox.wire.proxy.header import Header, Malformed, Origin, origin

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FIXED_OCTETS = 16  # the signature, version and command, family, and the length of the rest

# The length could say 65,535. A proxy's longest header names its client's TLS: versions, names and
# one certificate, at most some 3,000 octets. Who is not known yet gets no more memory than that.
REST_OCTETS = 4096

LOCAL, PROXY = 0x20, 0x21  # version 2, and the command
# Address family and transport, to the octets of both addresses and ports.
ADDRESS_OCTETS = {0x00: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216, 0x32: 216}
TCP4, TCP6 = 0x11, 0x21  # the others are valid, and their addresses are none that a log could use

CHECKSUM = 0x03  # PP2_TYPE_CRC32C
CHECKSUM_OCTETS = 4


def rest_octets(fixed: bytes) -> int | Malformed:
    """Return how many octets follow the sixteen that are given."""
    octets = int.from_bytes(fixed[14:16], "big")
    is_known = fixed[12] == LOCAL or (fixed[12] == PROXY and fixed[13] in ADDRESS_OCTETS)
    return octets if is_known and octets <= REST_OCTETS else Malformed()


def read_header(header: bytes) -> Header | Malformed:
    """Return what a header says, whose sixteen octets `rest_octets` has passed."""
    if header[12] == LOCAL:
        return Header()  # section 2.2: whatever else is in it is to be discarded
    addresses = header[FIXED_OCTETS : FIXED_OCTETS + ADDRESS_OCTETS[header[13]]]
    if len(addresses) < ADDRESS_OCTETS[header[13]]:
        return Malformed()
    try:
        _check(header, FIXED_OCTETS + len(addresses))
    except ValueError:
        return Malformed()
    return Header(_origin(header[13], addresses))


def _origin(family: int, addresses: bytes) -> Origin | None:
    if family == TCP4:
        return origin(IPv4Address(addresses[:4]), int.from_bytes(addresses[8:10], "big"))
    if family == TCP6:
        return origin(IPv6Address(addresses[:16]), int.from_bytes(addresses[32:34], "big"))
    return None


def _check(header: bytes, start: int) -> None:
    """Raise ValueError where the TLVs from `start` on are cut off, or a checksum is wrong."""
    for kind, begin, end in _values(header, start):
        if kind != CHECKSUM:
            continue
        # Section 2.2.3: it is counted with zeros in its own place. A second one cannot hold.
        zeroed = header[:begin] + bytes(end - begin) + header[end:]
        if header[begin:end] != crc32c(zeroed).to_bytes(CHECKSUM_OCTETS, "big"):
            raise ValueError


def _values(header: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Yield each TLV's type, and where its value begins and ends; raises ValueError."""
    while start < len(header):
        begin = start + 3
        end = begin + int.from_bytes(header[start + 1 : begin], "big")
        if begin > len(header) or end > len(header):
            raise ValueError
        yield header[start], begin, end
        start = end
