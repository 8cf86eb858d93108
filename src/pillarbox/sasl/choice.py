"""Which way to log in: the strongest that both sides have."""

from dataclasses import dataclass

from pillarbox.sasl.facts import (
    BINDING,
    CRAM_MD5,
    FACTS,
    LOGIN,
    PLAIN,
    SCRAM_SHA_1,
    SCRAM_SHA_256,
    TOKENS,
    USER,
    Shows,
)

OVER_TLS = (*BINDING, SCRAM_SHA_256, SCRAM_SHA_1, PLAIN, LOGIN, USER, CRAM_MD5)
WITHOUT_TLS = (SCRAM_SHA_256, SCRAM_SHA_1, CRAM_MD5, PLAIN, LOGIN, USER)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the server announced on this connection, since TLS began, and what we have.

    `announced` holds mechanisms; USER where USER and PASS may be used; APOP where the greeting
    came over this very channel with a timestamp that `apop.find_timestamp` takes.
    """

    announced: frozenset[str]
    is_secure: bool
    can_bind: bool
    has_token: bool = False
    allow_password_without_tls: bool = False


def strongest(choices: Choices) -> str | None:
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
    if choices.has_token:
        order: tuple[str, ...] = TOKENS
    else:
        order = OVER_TLS if choices.is_secure else WITHOUT_TLS
    return next((name for name in order if may_use(name, choices)), None)


def may_use(name: str, choices: Choices) -> bool:
    """Say whether a way in may be taken, also one that somebody asks for by name."""
    facts = FACTS.get(name)
    if facts is None or name not in choices.announced:
        return False
    is_token = facts.shows is Shows.TOKEN
    if is_token is not choices.has_token:
        return False
    if facts.needs_end_point:
        return choices.is_secure and choices.can_bind
    is_allowed = choices.allow_password_without_tls and not is_token
    return choices.is_secure or is_allowed or not facts.needs_tls
