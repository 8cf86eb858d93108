"""App passwords: random, so a fast keyed hash keeps them, and a look-up finds whose one is.

The hash is HMAC-SHA-256 under a key that is not in the database. It covers the account, so that
nothing shows whether two accounts have the same password. One look-up costs the same whether the
account has a hundred devices or is not there at all.
"""

import hashlib
import hmac
import secrets

from pillarbox.accounts.credentials import SCHEME_LOOKED_UP as SCHEME
from pillarbox.accounts.credentials import Verifier
from pillarbox.accounts.login_name import LoginName
from pillarbox.accounts.site_keys import APP_PASSWORDS, KEY_OCTETS, SiteKeys
from pillarbox.base.names import AccountId, DeviceId, Identity
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.alerts import AlertKind, raise_alert

NOBODY = AccountId(0)  # SQLite numbers rows from 1

ACCOUNT = "SELECT id FROM accounts WHERE name = ? AND state <> 'removed' AND state = 'enabled'"
DEVICE = """
    SELECT devices.id, devices.name FROM credentials JOIN devices ON devices.id = device_id
    WHERE credentials.account_id = ? AND scheme = ? AND verifier = ?
"""
REVOKED = "SELECT id, name FROM devices WHERE account_id = ? AND revoked_hash = ?"
NOTE_TRIED = """
    UPDATE devices SET revoked_tried_at = ?1
    WHERE id = ?2 AND coalesce(revoked_tried_at, 0) <= ?1 - ?3
"""
WARNED_SECONDS = 86_400  # an old phone tries every few minutes: once a day will do


class AppPasswords:
    """The app passwords of one database."""

    def __init__(self, database: Database, keys: SiteKeys) -> None:
        self._database = database
        self._keys = keys
        self._decoy_key = secrets.token_bytes(KEY_OCTETS)

    def make_key(self) -> None:
        """Make the key where there is none; raises OperatorFault, StoreFault."""
        self._keys.find_or_make(APP_PASSWORDS)

    def verifier(self, account: AccountId, password: bytes) -> Verifier:
        """Return what a random password is looked up by; wants the key made before."""
        return Verifier(SCHEME, self._hash(account, password))

    def find(self, name: LoginName, password: bytes) -> Identity | None:
        """Return whose password it is, None where it is nobody's; raises OperatorFault, StoreFault.

        Where the client names a device, the password must be that device's.
        """
        with self._database.reading() as rows:
            found = rows.one(ACCOUNT, name.account)
            account = AccountId(found[0]) if found else NOBODY
            device = rows.one(DEVICE, account, SCHEME, self._hash(account, password))
        if device is None or name.device not in {None, device[1]}:
            return None
        return Identity(account, DeviceId(device[0]))

    def warn_of_revoked(self, name: str | None, password: bytes, now: int) -> None:
        """Raise an alert where a refused password was a device's that is revoked, once a day.

        Raises OperatorFault, StoreFault.
        """
        with self._database.reading() as rows:
            found = rows.one(ACCOUNT, name)
            account = AccountId(found[0]) if found else NOBODY
            row = rows.one(REVOKED, account, self._hash(account, password))
        if row is None:
            return
        device, device_name = row

        def warn(rows: Rows) -> None:
            if rows.run(NOTE_TRIED, now, device, WARNED_SECONDS):
                raise_alert(rows, now, AlertKind.REVOKED_DEVICE, account, device=device_name)

        self._database.write(warn)

    def _hash(self, account: AccountId, password: bytes) -> str:
        # Without a key there is no app password: the work is for the look of it.
        key = self._keys.find(APP_PASSWORDS) or self._decoy_key
        return hmac.new(key, b"%d\0" % account + password, hashlib.sha256).hexdigest()
