"""Which way to log in: the strongest that both sides have."""

from dataclasses import dataclass

USER = "USER"  # USER and PASS
APOP = "APOP"
REVEALING = frozenset({"PLAIN", "LOGIN", USER})
TOKENS = ("OAUTHBEARER", "XOAUTH2")
BINDING = ("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS")
PROVING = ("SCRAM-SHA-256", "SCRAM-SHA-1")
OVER_TLS = (*BINDING, *PROVING, "PLAIN", "LOGIN", USER, "CRAM-MD5")
WITHOUT_TLS = (*PROVING, "CRAM-MD5", "PLAIN", "LOGIN", USER)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the server announced on this connection, since TLS began, and what we have.

    `announced` holds mechanisms; USER where USER and PASS may be used; APOP where the greeting
    came over this very channel with a timestamp that `apop.find_timestamp` takes.
    """

    announced: frozenset[str]
    is_secure: bool
    can_bind: bool
    has_token: bool = False
    allow_password_without_tls: bool = False


def strongest(offer: Offer) -> str | None:
    """Return the strongest way in; None where there is none that we may take.

    A token goes into OAUTHBEARER, the standard, before XOAUTH2, its forerunner; over TLS only
    (RFC 7628, section 3); and into nothing else.

    With a password over TLS: first SCRAM bound to the channel, whatever its hash, as only that
    finds out a relay with a certificate of its own, and HMAC does not suffer from what is known
    about SHA-1; then SCRAM; then what reveals the password to the server alone: PLAIN, LOGIN,
    USER and PASS; last CRAM-MD5, for which the server must keep a password that can be read.

    Without TLS others listen, so revealing is worse than MD5: SCRAM, then CRAM-MD5, and then, only
    where the operator said so, what reveals the password.

    APOP is never chosen here. Whoever poses as the server learns characters of the password from
    it (CVE-2007-1558), so it is used where somebody asks for it by name.
    """
    if offer.has_token:
        order: tuple[str, ...] = TOKENS
    else:
        order = OVER_TLS if offer.is_secure else WITHOUT_TLS
    return next((name for name in order if may_use(name, offer)), None)


def may_use(name: str, offer: Offer) -> bool:
    """Say whether a way in may be taken, also one that somebody asks for by name."""
    if name not in offer.announced or (name in TOKENS) is not offer.has_token:
        return False
    if name in TOKENS:
        return offer.is_secure
    if name in BINDING:
        return offer.is_secure and offer.can_bind
    if name in REVEALING or name == APOP:
        return offer.is_secure or offer.allow_password_without_tls
    return True
