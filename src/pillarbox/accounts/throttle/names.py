"""What names are called in the throttle's tables: nobody reads a mistyped password there."""

import hashlib
import hmac

from pillarbox.accounts.login_name import read_login_name
from pillarbox.accounts.site_keys import THROTTLE_NAMES, SiteKeys
from pillarbox.base.errors import OperatorFault

NOBODY = b""  # a token's, which alone tells whose it is
WITHOUT_A_KEY = b"pillarbox throttle"  # where the master key is missing, logins go on


class ThrottledNames:
    """Names by their HMAC under a key of this site."""

    def __init__(self, keys: SiteKeys) -> None:
        self._keys = keys

    def key_of(self, name: str) -> bytes:
        """Return what a name is called: of `account+device` what the account is. StoreFault."""
        who = read_login_name(name).salted_as
        if not who:
            return NOBODY
        text = who.encode("utf-8", "backslashreplace")
        return hmac.new(self._key(), text, hashlib.sha256).digest()

    @staticmethod
    def account_of(name: str) -> str | None:
        """Return the account's name in a name, None where no account can be called that."""
        return read_login_name(name).account

    def _key(self) -> bytes:
        try:
            return self._keys.find_or_make(THROTTLE_NAMES)
        except OperatorFault:
            return WITHOUT_A_KEY
