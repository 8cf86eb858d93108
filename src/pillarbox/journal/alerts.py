"""Alerts: what somebody is to be told soon. They wait in the database until somebody has been."""

from enum import StrEnum

from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Rows
from pillarbox.journal.audit import Fact, written


class AlertKind(StrEnum):
    """Why; names in the database, never reused."""

    NEW_NETWORK = "new-network"
    ODD_HOUR = "odd-hour"
    LOCKED = "locked"
    MASS_DELETE = "mass-delete"
    REVOKED_DEVICE = "revoked-device"
    QUOTA = "quota"


def raise_alert(
    rows: Rows, at: int, kind: AlertKind, account: AccountId | None, **facts: Fact
) -> None:
    """Have somebody told, inside the transaction of what happened."""
    rows.run(
        "INSERT INTO alerts (at, kind, account_id, facts) VALUES (?, ?, ?, ?)",
        at,
        kind,
        account,
        written(facts),
    )
