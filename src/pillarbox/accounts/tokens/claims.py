"""What a token says of itself, and whether it says it to us and now. Pure.

Members are named as in RFC 7519, section 4.1; RFC 7662, section 2.2, takes over the same ones.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, nan

LEEWAY = 30  # seconds by which two clocks may differ: RFC 7519, section 4.1.4, wants it small

Claims = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Expected:
    """Who must have issued a token, and for whom; where one is empty, that is not asked."""

    issuer: str
    audience: str
    must_end: bool = False  # else one that names no end is good until somebody takes it back


def read_claims(octets: bytes) -> Claims | None:
    """Return the members of a JSON object, None where the octets are none."""
    try:
        value = json.loads(octets.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def are_for_us(claims: Claims, expected: Expected, now: float) -> bool:
    """Say whether the claims hold at `now`, in seconds since 1970. A time left out holds."""
    return (
        ("exp" in claims or not expected.must_end)
        and now - LEEWAY < _time(claims, "exp", now)
        and _time(claims, "nbf", now) <= now + LEEWAY
        and expected.issuer in ("", claims.get("iss"))
        and _has_audience(claims.get("aud"), expected.audience)
    )


def is_issued_after(claims: Claims, at: int) -> bool:
    """Say whether a token surely is younger than `at`; one that does not tell its age is not."""
    return _time(claims, "iat", nan) > at + LEEWAY


def _time(claims: Claims, name: str, default: float) -> float:
    """Return a time; one that is no number is NaN, which is neither before nor after any other."""
    value = claims.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return value if isinstance(value, float) and isfinite(value) else nan


def _has_audience(given: object, wanted: str) -> bool:
    # RFC 7519, section 4.1.3: one name, or a list of names.
    return not wanted or given == wanted or (isinstance(given, list) and wanted in given)
