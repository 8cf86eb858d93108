"""What is kept of an authorization: who we are there, and the tokens. Pure.

One JSON object, which the secret store seals. RFC 6749, section 1.5, has what the tokens are for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pillarbox.base.errors import StoreFault
from pillarbox.base.secret import Secret

MARGIN_SECONDS = 120  # a token that ends sooner is renewed: clocks differ, and logins take time
NOT_YET = Secret(b"{}")  # what is kept until somebody authorises


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to an authorization server, where it is, and what we ask for.

    RFC 6749, section 2.1: most programs that people run are public clients, without a secret.
    """

    client_id: str
    token_endpoint: str
    scope: str
    mechanism: str  # the SASL mechanism that carries the token
    authorization_endpoint: str | None = None
    device_endpoint: str | None = None  # RFC 8628, section 3.1
    client_secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """An authorization; times in seconds since 1970.

    `refused` is the error that ended it: nobody asks again until it is authorised anew.
    """

    client: Client
    access_token: Secret
    expires_at: int | None = None  # None: the server does not say
    refresh_token: Secret | None = None
    refused: str | None = None

    def is_fresh(self, now: float) -> bool:
        """Say whether the access token can be used as it is."""
        return self.expires_at is None or now < self.expires_at - MARGIN_SECONDS


def write_grant(grant: Grant) -> Secret:
    """Return a grant as it is sealed."""
    client = grant.client
    fields = {
        "client_id": client.client_id,
        "client_secret": _text(client.client_secret),
        "token_endpoint": client.token_endpoint,
        "authorization_endpoint": client.authorization_endpoint,
        "device_endpoint": client.device_endpoint,
        "scope": client.scope,
        "mechanism": client.mechanism,
        "access_token": _text(grant.access_token),
        "expires_at": grant.expires_at,
        "refresh_token": _text(grant.refresh_token),
        "refused": grant.refused,
    }
    return Secret(json.dumps(fields).encode("ascii"))


def read_grant(sealed: Secret) -> Grant | None:
    """Return what was sealed, None where nobody has authorised yet; raises StoreFault."""
    try:
        fields = json.loads(sealed.reveal())
        return _grant(fields) if fields else None
    except (ValueError, KeyError, TypeError):
        # Not "from": the error would quote what cannot be read.
        raise StoreFault("What is kept of the authorisation cannot be read.") from None


def refused(grant: Grant, error: str) -> Grant:
    """Return a grant that has ended."""
    return replace(grant, refused=error)


def _grant(fields: Mapping[str, Any]) -> Grant:
    client = Client(
        client_id=fields["client_id"],
        token_endpoint=fields["token_endpoint"],
        scope=fields["scope"],
        mechanism=fields["mechanism"],
        authorization_endpoint=fields["authorization_endpoint"],
        device_endpoint=fields["device_endpoint"],
        client_secret=_secret(fields["client_secret"]),
    )
    expires_at = fields["expires_at"]
    return Grant(
        client,
        Secret(fields["access_token"].encode("utf-8")),
        None if expires_at is None else int(expires_at),
        _secret(fields["refresh_token"]),
        fields["refused"],
    )


def _text(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal().decode("utf-8")


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text.encode("utf-8"))
