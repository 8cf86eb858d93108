"""Bearer tokens as XOAUTH2 and OAUTHBEARER carry them: RFC 6750, section 2.1."""

import json
import re

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.client_exchange import Login, unfit
from pillarbox.sasl.exchange import Challenge, Exchange, Refusal, TryToken

SEPARATOR = "\x01"
_B64TOKEN = re.compile(r"[0-9A-Za-z._~+/-]+=*")
_AUTHORIZATION = re.compile(rf"(?i:Bearer) +({_B64TOKEN.pattern})")


def is_token(octets: bytes) -> bool:
    """Say whether octets are a token by their grammar."""
    return _B64TOKEN.fullmatch(octets.decode("latin-1")) is not None


def read_authorization(value: str) -> Secret | None:
    """Return the token of `Bearer TOKEN`; None where it is something else."""
    found = _AUTHORIZATION.fullmatch(value)
    return Secret(found[1].encode("ascii")) if found else None


def write_authorization(login: Login, mechanism: str) -> bytes:
    """Return `auth=Bearer TOKEN`; raise UnfitFault where the secret is no token."""
    token = login.secret.reveal()
    if not is_token(token):
        raise unfit(mechanism)
    return b"auth=Bearer " + token


def try_token(name: str | Refusal | None, token: Secret | None, why: dict[str, str]) -> Exchange:
    """Try a token, where there is one; where it is not accepted, say why before that.

    RFC 7628, section 3.2.3: a refusal itself cannot carry a reason, so that goes ahead in a
    challenge, in JSON. The client's dummy answer may be anything.
    """
    outcome: Identity | Refusal = Refusal.NOT_ACCEPTED
    if isinstance(name, Refusal):
        outcome = name
    elif token is not None:
        outcome = yield TryToken(name, token)
    if outcome is Refusal.NOT_ACCEPTED:
        yield Challenge(json.dumps(why, separators=(",", ":")).encode("utf-8"))
    return outcome
