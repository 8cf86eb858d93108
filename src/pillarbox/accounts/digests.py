"""CRAM-MD5 and APOP: proofs tried against the app passwords that were kept for them."""

from pillarbox.accounts.login_name import read_login_name
from pillarbox.accounts.secret_store import SecretId, SecretStore
from pillarbox.accounts.site_keys import APP_PASSWORDS
from pillarbox.base.names import AccountId, DeviceId, Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from pillarbox.sasl.exchange import DigestProof

MOST_KEPT = 4  # by one account: each costs what can be seen in time
DECOY = Secret(b"abcdefghijklmnopqrstuvwxyz")  # as long as an app password; its answer is not used

KEPT = """
    SELECT accounts.id, devices.id, digest_secret_id
    FROM accounts JOIN devices ON account_id = accounts.id
    WHERE accounts.name = ? AND accounts.state <> 'removed' AND state = 'enabled'
          AND devices.name = coalesce(?, devices.name)
          AND revoked_at IS NULL AND digest_secret_id IS NOT NULL
    ORDER BY devices.id
"""


def purpose_of(device: DeviceId) -> str:
    """Return what a device's secret is sealed for: no other device's row opens with it."""
    return f"digests of device {device}"


class Digests:
    """The reversible secrets of one database's devices."""

    def __init__(self, database: Database, secret_store: SecretStore) -> None:
        self._database = database
        self._secret_store = secret_store

    def try_digest(self, name: str, proof: DigestProof) -> Identity | None:
        """Return whose secret the proof was made with, None where it is nobody's.

        Raises StoreFault, and OperatorFault where the master key is missing; that for every name,
        or it would tell which ones have secrets.
        """
        self._secret_store.require_keys()
        who = read_login_name(name)
        with self._database.reading() as rows:
            kept = rows.all(KEPT, who.account, who.device)
        for _ in range(MOST_KEPT - len(kept)):  # as much work for a name without secrets
            self._secret_store.find(APP_PASSWORDS)
            proof.is_of(DECOY)
        matches = [
            Identity(AccountId(account), DeviceId(device))
            for account, device, secret in kept
            if proof.is_of(self._secret(DeviceId(device), SecretId(secret)))
        ]  # all are tried: how long it takes does not tell which one it was
        return next(iter(matches), None)

    def _secret(self, device: DeviceId, secret: SecretId) -> Secret:
        return self._secret_store.get(secret, purpose_of(device))
