"""What holds for the messages of an account, and for one view of them. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pillarbox.base.clock import DAY_SECONDS

ViewId = NewType("ViewId", int)

MASS_DELETE_MESSAGES = 20  # removed by a device that never had them
QUARANTINE_DAYS = 90
REACH_DAYS = 30  # a device that has not been seen for so long is not waited for


class Role(StrEnum):
    """Whose DELE counts for whom; names in the database."""

    MASTER = "master"  # for every view
    READER = "reader"  # for its own


class Removal(StrEnum):
    """When a master's DELE takes a message out of the other views; names in the database."""

    WHEN_HAD = "when had"
    AT_ONCE = "at once"


class AfterRemoval(StrEnum):
    """What becomes of a message that no view shows; names in the database."""

    KEEP = "keep"  # it stays where it is, until retention moves it to the archive
    ARCHIVE = "archive"
    DELETE = "delete"  # what is archived stays in the archive all the same


@dataclass(frozen=True, slots=True)
class AccountPolicy:
    """What holds for a whole account, or where it says nothing for the site.

    0 days of retention is for ever.
    """

    retention_days: int = 0
    reach_days: int = REACH_DAYS
    removal: Removal = Removal.WHEN_HAD
    after_removal: AfterRemoval = AfterRemoval.DELETE
    removes_what_all_have: bool = False
    quota_octets: int = 0  # 0: none
    mass_delete_messages: int = MASS_DELETE_MESSAGES  # 0: nobody is looked at
    quarantine_days: int = QUARANTINE_DAYS
    takes_tokens: bool = True  # these open the main password's view where it is refused itself

    @property
    def waiting_seconds(self) -> int:
        """How long a device that has not had a message still gets it after a master's DELE."""
        return 0 if self.removal is Removal.AT_ONCE else self.reach_days * DAY_SECONDS


SITE_DEFAULTS = AccountPolicy()


@dataclass(frozen=True, slots=True)
class ViewPolicy:
    """What holds for one view; None where it sets no bound."""

    role: Role = Role.MASTER
    window_days: int | None = None  # shown are messages that arrived less than so long ago
    window_since: int | None = None  # shown are messages that arrived then or later
    session_octets: int | None = None  # what has not been had is shown up to so many
    retention_days: int | None = None


def expire_days(account: AccountPolicy, view: ViewPolicy) -> int | None:
    """Return the fewest days that a message stays in a view after its arrival; None is for ever.

    RFC 2449, section 6.7. What the device itself removes, or a master's DELE, is not meant.
    """
    if account.removes_what_all_have:
        return 0  # the others may have it already
    bounds = (account.retention_days, view.retention_days, view.window_days)
    return min((days for days in bounds if days), default=None)
