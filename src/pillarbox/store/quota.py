"""How much an account's maildrop may hold, in octets as stored; 0 is without end.

What is used is kept in the account's row by the database itself, so that asking costs the same
however much lies there. What devices have hidden counts until it leaves the maildrop.
"""

from dataclasses import dataclass

from pillarbox.base.errors import Fault
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.alerts import AlertKind, raise_alert

WARNING_PERCENT = 80  # full enough for somebody to be told

USE = "SELECT used_octets, coalesce(quota_octets, ?) FROM accounts WHERE id = ?"
MARK = "UPDATE accounts SET is_nearly_full = ?1 WHERE id = ?2 AND is_nearly_full <> ?1"
ALL = "SELECT id FROM accounts WHERE state <> 'removed' ORDER BY id"


class MaildropFullError(Fault):
    """There is no room for the message now; RFC 3463, section 3.3: X.2.2."""

    retry = True


class NeverFitsError(Fault):
    """The message alone is more than the maildrop may hold."""


@dataclass(frozen=True, slots=True)
class Use:
    """What lies in a maildrop, and how much may; both in octets as stored."""

    used_octets: int
    quota_octets: int

    @property
    def is_full(self) -> bool:
        """Whether not one octet more is taken."""
        return 0 < self.quota_octets <= self.used_octets

    def refuse(self, octets: int) -> None:
        """Raise NeverFitsError or MaildropFullError where there is no room for so many more."""
        if not self.quota_octets:
            return
        if octets > self.quota_octets:
            raise NeverFitsError(
                "The message has {octets} octets, and the whole maildrop may hold {quota}.",
                octets=octets,
                quota=self.quota_octets,
            )
        if self.used_octets + octets > self.quota_octets:
            raise MaildropFullError(
                "The maildrop is full: it holds {used} octets of {quota}.",
                used=self.used_octets,
                quota=self.quota_octets,
            )

    @property
    def is_nearly_full(self) -> bool:
        """Whether somebody is to be told."""
        return 0 < self.quota_octets * WARNING_PERCENT <= self.used_octets * 100


class Quotas:
    """The quota of every account; `site_octets` for those that have none of their own."""

    def __init__(self, database: Database, site_octets: int = 0) -> None:
        self._database = database
        self._site_octets = site_octets

    def use(self, account: AccountId) -> Use:
        """Return what an account uses of what it may; raises StoreFault."""
        with self._database.reading() as rows:
            return self._use(rows, account)

    def take(self, rows: Rows, account: AccountId, octets: int, at: int) -> None:
        """Let a message in that is about to be added in this transaction.

        Raises MaildropFullError and NeverFitsError. Whoever comes past the warning is told of.
        """
        use = self._use(rows, account)
        use.refuse(octets)
        for each in (use, Use(use.used_octets + octets, use.quota_octets)):
            _mark(rows, account, each, at)

    def look(self, at: int) -> None:
        """Tell of every maildrop that is nearly full, once while it is; raises StoreFault.

        It may be so without a delivery: a quota can be set below what lies there.
        """
        self._database.write(lambda rows: self._look(rows, at))

    def _look(self, rows: Rows, at: int) -> None:
        for (account,) in rows.all(ALL):
            _mark(rows, account, self._use(rows, account), at)

    def _use(self, rows: Rows, account: AccountId) -> Use:
        return Use(*(rows.one(USE, self._site_octets, account) or (0, 0)))


def _mark(rows: Rows, account: AccountId, use: Use, at: int) -> None:
    is_new = rows.run(MARK, use.is_nearly_full, account)
    if is_new and use.is_nearly_full:
        raise_alert(
            rows,
            at,
            AlertKind.QUOTA,
            account,
            used_octets=use.used_octets,
            quota_octets=use.quota_octets,
        )
