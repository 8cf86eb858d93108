"""What must differ at each connection and can be guessed by nobody."""

import base64
import re
import secrets

from pillarbox.base.names import SessionId

SESSION_OCTETS = 10  # 80 bits; 16 characters, short enough to be typed
NONCE_OCTETS = 18  # 144 bits; 24 characters
NOT_IN_TIMESTAMP = re.compile(r"[^A-Za-z0-9.-]")


def new_nonce() -> str:
    """Return 24 or more letters and digits that were never returned before."""
    return secrets.token_hex(NONCE_OCTETS)


def new_session_id() -> SessionId:
    """Return a name for a session that none has had."""
    octets = secrets.token_bytes(SESSION_OCTETS)
    return SessionId(base64.b32encode(octets).decode("ascii").lower())


def new_timestamp(hostname: str) -> str:
    """Return a new timestamp for a greeting: RFC 1939, section 7, APOP.

    Letters, digits, dots and hyphens only: others make some clients answer wrongly.
    """
    return f"<{new_nonce()}@{NOT_IN_TIMESTAMP.sub('-', hostname)}>"
