"""What must differ at each connection and can be guessed by nobody."""

import re
import secrets

NONCE_OCTETS = 18  # 144 bits; 24 characters
NOT_IN_TIMESTAMP = re.compile(r"[^A-Za-z0-9.-]")


def new_nonce() -> str:
    """Return 24 or more letters and digits that were never returned before."""
    return secrets.token_hex(NONCE_OCTETS)


def new_timestamp(hostname: str) -> str:
    """Return a new timestamp for a greeting: RFC 1939, section 7, APOP.

    Letters, digits, dots and hyphens only: others make some clients answer wrongly.
    """
    return f"<{new_nonce()}@{NOT_IN_TIMESTAMP.sub('-', hostname)}>"
