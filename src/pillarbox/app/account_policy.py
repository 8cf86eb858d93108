"""The configuration as the store takes it."""

from pillarbox.app.settings import Configuration
from pillarbox.store.views.policy import AccountPolicy, AfterRemoval, Removal


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
