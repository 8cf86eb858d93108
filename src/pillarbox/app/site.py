"""The configuration as the server room takes it."""

from collections.abc import Callable

from pillarbox.app.languages import find_languages
from pillarbox.app.settings import Configuration
from pillarbox.server.limits import Limits
from pillarbox.server.site import Site
from pillarbox.wire.pop3.capa import Terms


def site_of(config: Configuration, terms: Callable[[], Terms]) -> Site:
    """Return what holds for every session."""
    return Site(
        hostname=config.hostname,
        allow_plaintext_auth_without_tls=config.auth.allow_plaintext_auth_without_tls,
        require_tls=config.auth.require_tls,
        apop=config.auth.apop,
        cram_md5=config.auth.cram_md5,
        tokens=config.oauth.is_on,
        last=config.protocol.last,
        utf8_headers=config.protocol.utf8_headers,
        terms=terms,
        languages=find_languages(),
    )


def limits_of(config: Configuration) -> Limits:
    """Return the most connections at a time."""
    limits = config.limits
    return Limits(limits.connections, limits.per_source, limits.per_source_unauthenticated)
