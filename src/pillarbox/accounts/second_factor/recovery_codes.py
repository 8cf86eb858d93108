"""Recovery codes: random, used once, kept as keyed hashes as app passwords are.

Nobody guesses one, so they are tried however many wrong codes came before: whoever guesses at six
digits shuts nobody out.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from pillarbox.accounts.generate import ALPHABET
from pillarbox.accounts.site_keys import RECOVERY_CODES, SiteKeys
from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Rows
from pillarbox.journal import audit

CODES = 10
CHARACTERS = 16  # of 5 bits each: 80 bits
GROUP = 4

USE = """
    UPDATE recovery_codes SET used_at = ? WHERE account_id = ? AND hash = ? AND used_at IS NULL
"""
ADD = "INSERT INTO recovery_codes (account_id, hash, made_at) VALUES (?, ?, ?)"
LEFT = "SELECT count(*) FROM recovery_codes WHERE account_id = ? AND used_at IS NULL"


def read_recovery_code(text: str) -> Secret | None:
    """Return a code as it is hashed, None where this can be none; case and hyphens are for people.

    It came from somebody who may have read it from paper.
    """
    code = "".join(text.lower().replace("-", " ").split())
    is_one = len(code) == CHARACTERS and set(code) <= set(ALPHABET)
    return Secret(code.encode("ascii")) if is_one else None


def left(rows: Rows, account: AccountId) -> int:
    """Return how many of an account's codes have not been used."""
    found = rows.one(LEFT, account)
    return found[0] if found else 0


class RecoveryCodes:
    """The recovery codes of one database's accounts."""

    def __init__(self, keys: SiteKeys) -> None:
        self._keys = keys

    def make_key(self) -> None:
        """Make the key where there is none; raises OperatorFault, StoreFault."""
        self._keys.find_or_make(RECOVERY_CODES)

    def replace(self, rows: Rows, account: AccountId, now: int) -> Sequence[Secret]:
        """Return new codes, which cannot be told again, and forget the old ones.

        Part of the caller's transaction; wants the key made before.
        """
        codes = [_generate() for _ in range(CODES)]
        rows.run("DELETE FROM recovery_codes WHERE account_id = ?", account)
        rows.run_each(ADD, [(account, self._hash(account, code), now) for code in codes])
        return [_shown(code) for code in codes]

    def use(self, rows: Rows, account: AccountId, code: Secret, now: int) -> bool:
        """Take a code that has not been used; as a part of the caller's transaction.

        Wants the key made before.
        """
        if not rows.run(USE, now, account, self._hash(account, code)):
            return False
        audit.append(rows, now, "recovery-code.used", account, left=left(rows, account))
        return True

    def _hash(self, account: AccountId, code: Secret) -> bytes:
        key = self._keys.find_or_make(RECOVERY_CODES)
        return hmac.digest(key, b"%d\0" % account + code.reveal(), hashlib.sha256)


def _generate() -> Secret:
    return Secret("".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS)).encode("ascii"))


def _shown(code: Secret) -> Secret:
    text = code.reveal()
    return Secret(b"-".join(text[at : at + GROUP] for at in range(0, CHARACTERS, GROUP)))
