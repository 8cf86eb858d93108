"""Octets to text, whatever charset they claim to be in. Never raises.

Real mail says Shift_JIS and ISO-2022-JP where it means Microsoft's larger sets of the same layout,
and often says nothing at all.
"""

import re

CP932 = ("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms_kanji", "ms932", "cp932")
CP50221 = ("iso-2022-jp", "iso-2022-jp-ms", "cp50220", "cp50221", "cp50222", "csiso2022jp")
ALIASES = dict.fromkeys(CP932, "cp932") | {
    "cp51932": "euc_jp",
    "eucjp-ms": "euc_jp",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
}

ESCAPE = re.compile(rb"\x1b(\(B|\(J|\(I|\$@|\$B|$)")
FIRST, LAST = 0x21, 0x7E  # ISO 2022: the 94 rows, and the 94 cells of each
SECOND_BLOCK_ROW = 0x5F  # Shift_JIS leads with 81 to 9F for the rows below, E0 to EF from it on
SKIPPED_CELL = 0x60  # Shift_JIS has no second octet 7F
GUESSES = ("utf-8", "cp932", "euc_jp")  # strict ones, the least forgiving first


def to_text(octets: bytes, charset: str | None) -> str:
    """Return what the octets say; where the charset does not fit, the likeliest one that does."""
    if b"\x1b$" in octets or b"\x1b(I" in octets:
        return _iso_2022_jp(octets)
    name = (charset or "").strip().lower()
    claimed = [] if name in CP50221 else [ALIASES.get(name, name)]
    for codec in [*claimed, *GUESSES]:
        text = _strictly(octets, codec)
        if text is not None:
            return text
    return octets.decode("latin-1")


def _strictly(octets: bytes, codec: str) -> str | None:
    try:
        # Some codecs are not for text (hex), and some names are no names (NUL, ../).
        return octets.decode(codec)
    except (LookupError, ValueError):
        return None


def _iso_2022_jp(octets: bytes) -> str:
    """Return text in CP50221: RFC 1468 with Microsoft's characters and half-width kana."""
    first, *rest = ESCAPE.split(octets)
    text = first.decode("latin-1")
    for escape, part in zip(rest[::2], rest[1::2], strict=True):
        if escape in {b"$B", b"$@"}:
            text += _double(part)
        elif escape == b"(I":
            text += bytes(octet | 0x80 for octet in part).decode("cp932", "replace")
        else:
            text += part.decode("latin-1")
    return text


def _double(octets: bytes) -> str:
    """Return what pairs of JIS X 0208 stand for, by way of the same characters' CP932 octets."""
    shifted = bytearray()
    for row, cell in zip(octets[::2], octets[1::2], strict=False):
        shifted += _shifted(row, cell)
    return shifted.decode("cp932", "replace")


def _shifted(row: int, cell: int) -> bytes:
    if not (FIRST <= row <= LAST and FIRST <= cell <= LAST):
        return b"?"
    lead = (row + 1) // 2 + (0x70 if row < SECOND_BLOCK_ROW else 0xB0)
    if row % 2 == 0:
        return bytes([lead, cell + 0x7E])
    return bytes([lead, cell + (0x1F if cell < SKIPPED_CELL else 0x20)])
