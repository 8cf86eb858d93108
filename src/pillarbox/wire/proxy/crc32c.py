"""CRC32c, the checksum of RFC 4960, appendix B: Castagnoli's polynomial, least bit first."""

from functools import cache

POLYNOMIAL = 0x82F63B78  # 0x1EDC6F41, its bits in reverse
ALL_ONES = 0xFFFF_FFFF


def crc32c(octets: bytes) -> int:
    """Return the checksum."""
    table, rest = _table(), ALL_ONES
    for octet in octets:
        rest = table[(rest ^ octet) & 0xFF] ^ rest >> 8
    return rest ^ ALL_ONES


@cache
def _table() -> tuple[int, ...]:
    return tuple(map(_remainder, range(256)))


def _remainder(octet: int) -> int:
    for _ in range(8):
        octet = octet >> 1 ^ (POLYNOMIAL if octet & 1 else 0)
    return octet
