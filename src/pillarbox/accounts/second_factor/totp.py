"""Codes that change every half minute: RFC 6238, by pyotp. Pure.

What an authenticator app takes for granted is not chosen here: HMAC-SHA-1, six digits, 30 seconds.
Many apps pass over what the URI says of them. RFC 6238, section 1.2: HMAC does not lean on what
SHA-1 has lost.
"""

import base64
import re
from hmac import compare_digest

from pyotp import HOTP, TOTP

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
    return _code(secret, int(now) // STEP_SECONDS)


def uri(secret: Secret, account: str) -> Secret:
    """Return what an app reads from a QR code: otpauth://totp/..., with the secret in it."""
    totp = TOTP(_base32(secret), digits=DIGITS, interval=STEP_SECONDS)
    return Secret(totp.provisioning_uri(name=account, issuer_name=ISSUER).encode("ascii"))


def typed(secret: Secret) -> Secret:
    """Return the secret as a person types it into an app: base32, in groups."""
    text = _base32(secret)
    groups = [text[at : at + GROUP] for at in range(0, len(text), GROUP)]
    return Secret(" ".join(groups).encode("ascii"))


def _code(secret: Secret, step: int) -> str:
    # RFC 6238, section 4.2: TOTP is HOTP with the time step as its counter.
    return HOTP(_base32(secret), digits=DIGITS).at(step)


def _base32(secret: Secret) -> str:
    return base64.b32encode(secret.reveal()).decode("ascii")


def _is_of(secret: Secret, code: str, step: int) -> bool:
    return compare_digest(code, _code(secret, step))
