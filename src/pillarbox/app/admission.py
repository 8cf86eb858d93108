"""Joins the accounts room to those who ask it whether somebody may come in, or gets mail here."""

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.passwords import Admitted, Passwords
from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.delivery.effects import Refusal


class Admission:
    """Passwords, as the server room asks for them."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    def try_password(self, name: str, secret: Secret) -> AccountId | None:
        """Return whose password it is, None where it is nobody's. Slow on purpose."""
        found = self._passwords.try_password(name, secret)
        return found.account if isinstance(found, Admitted) else None


class Recipients:
    """Accounts, as the delivery room asks for them."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def resolve(self, recipient: str) -> AccountId | Refusal:
        """Return whose mail this is; a disabled account's goes on arriving."""
        account = self._accounts.resolve(recipient)
        return Refusal.UNKNOWN if account is None else account.id
