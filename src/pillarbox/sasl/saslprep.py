"""SASLprep, RFC 4013: names and passwords that look the same become the same octets.

The profile is bound to Unicode 3.2. A name is a query and may hold code points that came later; a
password is a stored string and may not (RFC 5802, sections 2.2 and 5.1; RFC 3454, section 7).
"""

import stringprep
import unicodedata

# More than any account has, or anybody types: one character may become eighteen.
NAME_CHARACTERS = 255
PASSWORD_CHARACTERS = 1_024

PROHIBITED = (  # RFC 4013, section 2.3
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def prepare(text: str, *, allow_unassigned: bool = True) -> str | None:
    """Return the text prepared; None where it may not be used, or where nothing is left of it.

    Printable ASCII comes back as it is; other text that is longer than any name is none.
    """
    if text.isascii() and text.isprintable():
        return text or None
    if len(text) > (NAME_CHARACTERS if allow_unassigned else PASSWORD_CHARACTERS):
        return None
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", _map(text))
    if not prepared or not _may_be_used(prepared):
        return None
    if not allow_unassigned and any(map(stringprep.in_table_a1, prepared)):
        return None
    return prepared


def prepare_name(octets: bytes) -> str | None:
    """Return a name that came as UTF-8, prepared; None where it is none."""
    text = _decode(octets)
    return None if text is None else prepare(text)


def prepare_password(octets: bytes) -> bytes | None:
    """Return a password prepared; None where SASLprep does not allow it, or it is not UTF-8."""
    text = _decode(octets)
    prepared = None if text is None else prepare(text, allow_unassigned=False)
    return None if prepared is None else prepared.encode("utf-8")


def _decode(octets: bytes) -> str | None:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _map(text: str) -> str:
    """RFC 4013, section 2.1: other spaces become spaces, some code points become nothing."""
    kept = (each for each in text if not stringprep.in_table_b1(each))
    return "".join(" " if stringprep.in_table_c12(each) else each for each in kept)


def _may_be_used(text: str) -> bool:
    is_prohibited = any(is_in_table(each) for is_in_table in PROHIBITED for each in text)
    return not is_prohibited and _has_one_direction(text)


def _has_one_direction(text: str) -> bool:
    """RFC 3454, section 6: what runs from right to left does so from its first to its last."""
    if not any(map(stringprep.in_table_d1, text)):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(map(stringprep.in_table_d2, text))
