"""The configuration as the server room and the store take it."""

from collections.abc import Callable

from pillarbox.app.languages import find_languages
from pillarbox.app.settings import Configuration
from pillarbox.server.limits import Limits
from pillarbox.server.site import Site
from pillarbox.store.views.policy import AccountPolicy, AfterRemoval, Removal
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


def account_policy_of(config: Configuration) -> AccountPolicy:
    """Return what holds for accounts that say nothing else."""
    policy = config.policy
    return AccountPolicy(
        retention_days=policy.retention_days,
        reach_days=policy.reach_days,
        removal=Removal(policy.remove),
        after_removal=AfterRemoval(policy.after_removal),
        quota_octets=policy.quota_octets,
        mass_delete_messages=policy.mass_delete_messages,
        quarantine_days=policy.quarantine_days,
        takes_tokens=config.oauth.is_on,
    )


def limits_of(config: Configuration) -> Limits:
    """Return the most connections at a time."""
    limits = config.limits
    return Limits(limits.connections, limits.per_source, limits.per_source_unauthenticated)
