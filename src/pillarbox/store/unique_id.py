"""Unique-ids: random, so that none is ever given to another message; RFC 1939, section 7."""

import secrets

OCTETS = 16  # 128 bits; twice as many characters, well below the 70 that UIDL allows


def new_unique_id() -> str:
    """Return a unique-id that nobody has had."""
    return secrets.token_hex(OCTETS)
