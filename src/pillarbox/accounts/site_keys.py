"""Keys of this site alone: made once, sealed, and kept in memory after use."""

import secrets

from pillarbox.accounts.secret_store import SecretStore
from pillarbox.base.secret import Secret

KEY_OCTETS = 32  # as long as the SHA-256 that they are for: RFC 2104, section 3

# What a key is for, and what its row is called: never renamed.
APP_PASSWORDS = "app passwords"
SCRAM_SALTS = "scram salts"
THROTTLE_NAMES = "throttle names"
RECOVERY_CODES = "recovery codes"


class SiteKeys:
    """The keys of one secret store."""

    def __init__(self, secret_store: SecretStore) -> None:
        self._secret_store = secret_store
        self._known: dict[str, Secret] = {}

    def find(self, purpose: str) -> bytes | None:
        """Return a key, None where it has not been made; raises OperatorFault, StoreFault."""
        if purpose not in self._known:
            found = self._secret_store.find(purpose)
            if found is None:
                return None
            self._known[purpose] = found
        return self._known[purpose].reveal()

    def find_or_make(self, purpose: str) -> bytes:
        """Return a key; the first to ask makes it. Raises OperatorFault, StoreFault."""
        if purpose not in self._known:
            self._known[purpose] = self._secret_store.find_or_put(purpose, _new_key())
        return self._known[purpose].reveal()


def _new_key() -> Secret:
    return Secret(secrets.token_bytes(KEY_OCTETS))
