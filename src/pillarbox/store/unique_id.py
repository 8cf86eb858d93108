"""Unique-ids: random, so that none is ever given to another message; RFC 1939, section 7."""

import base64
import secrets

OCTETS = 16  # 128 bits; 26 characters of a-z2-7, well below the 70 that UIDL allows


def new_unique_id() -> str:
    """Return a unique-id that nobody has had."""
    return base64.b32encode(secrets.token_bytes(OCTETS)).decode("ascii").rstrip("=").lower()
