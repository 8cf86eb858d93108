"""Base64 that has one spelling: RFC 4648, section 3.5, with every unused bit zero."""

import base64
import binascii


def to_base64(octets: bytes) -> str:
    """Return the one spelling."""
    return base64.b64encode(octets).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """Return what the text stands for; None where it is not the one spelling of it.

    A second spelling of a signed value would be a forgery that compares as equal.
    """
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return octets if to_base64(octets) == text else None
