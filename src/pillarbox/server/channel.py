"""What the connection is now, and what it is offered by that."""

from dataclasses import dataclass

from pillarbox.sasl.facts import CRAM_MD5, Shows
from pillarbox.sasl.mechanisms import MECHANISMS, Mechanism
from pillarbox.server.site import Site
from pillarbox.wire.pop3.capa import Offer, Terms

IMPLEMENTATION = "Pillarbox"  # without a version: it would only help an attacker


@dataclass(frozen=True, slots=True)
class Channel:
    """A connection, with or without TLS.

    `end_point` is its tls-server-end-point (RFC 5929, section 4), where it has one. `timestamp` is
    the one in the greeting, for APOP.
    """

    is_secure: bool
    offers_stls: bool  # there is a certificate
    end_point: bytes | None = None
    timestamp: str | None = None


def allows_logins(channel: Channel, site: Site) -> bool:
    """Return whether anybody may log in: RFC 2595, section 2.2."""
    return channel.is_secure or not site.require_tls


def allows_passwords(channel: Channel, site: Site) -> bool:
    """Return whether what shows the password may be used."""
    may_show = channel.is_secure or site.allow_plaintext_auth_without_tls
    return may_show and allows_logins(channel, site)


def mechanisms(channel: Channel, site: Site) -> list[str]:
    """Return the SASL mechanisms that may be used now, the strongest first."""
    return [name for name, each in MECHANISMS.items() if _is_offered(each, channel, site)]


def _is_offered(mechanism: Mechanism, channel: Channel, site: Site) -> bool:
    facts = mechanism.facts
    if facts.shows is Shows.TOKEN:  # RFC 7628, section 3: over TLS whatever the site allows
        return site.tokens and channel.is_secure
    is_on = site.cram_md5 if facts.name == CRAM_MD5 else True
    is_bound = channel.end_point is not None or not facts.needs_end_point
    is_safe = allows_passwords(channel, site) or facts.shows is Shows.NOTHING
    return is_on and is_bound and is_safe and allows_logins(channel, site)


def offer(channel: Channel, site: Site, *, stls: bool, terms: Terms | None = None) -> Offer:
    """Return what CAPA announces; `stls` where it may be said now, `terms` of who is logged in."""
    return Offer(
        stls=stls,
        passwords=allows_passwords(channel, site),
        mechanisms=mechanisms(channel, site),
        terms=terms or site.terms(),
        implementation=IMPLEMENTATION,
    )
