"""The half of a store that those who bring messages need; every Store is one."""

from typing import Protocol

from pillarbox.base.names import AccountId
from pillarbox.store.store import Incoming, Kept


class Deposit(Protocol):
    """Where messages are put."""

    def incoming(self) -> Incoming:
        """Return a place for one new message; raises StoreFault."""
        ...

    def deliver(self, kept: Kept, account: AccountId) -> str:
        """Add a kept message to an account's maildrop; return its unique-id once durable.

        Raises MaildropFullError or NeverFitsError where there is no room for it, and StoreFault.
        """
        ...
