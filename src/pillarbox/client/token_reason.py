"""Why a server refused a token, as it says in a challenge: RFC 7628, section 3.2.2. Pure."""

import json
import re

OCTETS = 4096  # a status, a scope and an address
# A status is a word or a number there; nothing of a token can hide in one that short.
STATUS = re.compile("[a-z0-9_]{1,32}")


def read_reason(challenge: bytes) -> str | None:
    """Return the status, None where there is none to be shown."""
    try:
        said = json.loads(challenge) if len(challenge) <= OCTETS else None
    except (ValueError, RecursionError):
        return None
    status = said.get("status") if isinstance(said, dict) else None
    return status if isinstance(status, str) and STATUS.fullmatch(status) else None
