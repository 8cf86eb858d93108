"""Codes that change every half minute: RFC 6238, by `cryptography`. Pure.

What an authenticator app takes for granted is not chosen here: HMAC-SHA-1, six digits, 30 seconds.
Many apps pass over what the URI says of them. RFC 6238, section 1.2: HMAC does not lean on what
SHA-1 has lost.
"""

import base64
import re

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from pillarbox.base.secret import Secret

SECRET_OCTETS = 20  # RFC 4226, section 4, R6: 160 bits are recommended
DIGITS = 6
STEP_SECONDS = 30
DRIFT_STEPS = 1  # RFC 6238, section 5.2: for clocks that differ, and for slow fingers
ISSUER = "Pillarbox"

CODE = re.compile(r"[0-9]{6}")
GROUP = 4  # of characters, for whoever types the secret


def read_code(text: str) -> str | None:
    """Return a code as the app makes it, None where this can be none; apps show it in two parts."""
    code = "".join(text.split())
    return code if CODE.fullmatch(code) else None


def matching_step(secret: Secret, code: str, now: float, after: int) -> int | None:
    """Return the time step whose code this is, None where it is no code of about now.

    Steps up to `after` have been used: RFC 6238, section 5.2, has a code taken once.
    """
    current = int(now) // STEP_SECONDS
    near = range(max(current - DRIFT_STEPS, after + 1), current + DRIFT_STEPS + 1)
    return next((step for step in near if _is_of(secret, code, step)), None)


def code_at(secret: Secret, now: float) -> str:
    """Return the code that an app shows now."""
    return _totp(secret).generate(int(now)).decode("ascii")


def uri(secret: Secret, account: str) -> Secret:
    """Return what an app reads from a QR code: otpauth://totp/..., with the secret in it."""
    return Secret(_totp(secret).get_provisioning_uri(account, ISSUER).encode("ascii"))


def typed(secret: Secret) -> Secret:
    """Return the secret as a person types it into an app: base32, in groups."""
    text = base64.b32encode(secret.reveal()).decode("ascii")
    groups = [text[at : at + GROUP] for at in range(0, len(text), GROUP)]
    return Secret(" ".join(groups).encode("ascii"))


def _totp(secret: Secret) -> TOTP:
    return TOTP(secret.reveal(), DIGITS, SHA1(), STEP_SECONDS)


def _is_of(secret: Secret, code: str, step: int) -> bool:
    try:
        _totp(secret).verify(code.encode("ascii"), step * STEP_SECONDS)
    except InvalidToken:
        return False
    return True
