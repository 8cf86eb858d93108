"""Base64 that has one spelling: RFC 4648, section 4, read as section 3.5 has it. Pure.

A second spelling of a signed value would be a forgery that compares as equal, and what is lenient
here is what an attacker could use. RFC 5034, section 4 wants the same of a SASL exchange.
"""

import base64
import binascii


def encode(octets: bytes) -> bytes:
    """Return the one spelling."""
    return base64.b64encode(octets)


def decode(octets: bytes) -> bytes | None:
    """Return what base64 stands for; None where it is not the one spelling of it.

    So no stray character, no `=` too many or too few, and no spare bit that is set.
    """
    try:
        decoded = base64.b64decode(octets, validate=True)
    except binascii.Error:
        return None
    return decoded if encode(decoded) == octets else None
