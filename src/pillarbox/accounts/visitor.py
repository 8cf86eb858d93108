"""Who stands at the door, as the database knows them, and why they may not come in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pillarbox.accounts.restrictions import Restrictions
from pillarbox.base.names import AccountId, Identity, SignIn
from pillarbox.db.sqlite import Rows
from pillarbox.sasl.facts import FACTS, Shows

VISITOR = """
    SELECT views.id, devices.name, accounts.state, revoked_at IS NOT NULL, expires_at,
        login_delay_seconds, last_used_at, last_used_from,
        accounts.protocols, accounts.networks, accounts.hours,
        views.protocols, views.networks, views.hours
    FROM accounts JOIN views ON views.account_id = accounts.id
    LEFT JOIN devices ON devices.id = views.device_id
    WHERE accounts.id = ? AND views.device_id IS ?
"""
REFUSES_MAIN = """
    SELECT coalesce(main_password = 'refuse',
        EXISTS (SELECT 1 FROM second_factors WHERE account_id = accounts.id))
    FROM accounts WHERE id = ?
"""


class Refused(StrEnum):
    """Why somebody does not come in, as the audit says it.

    The client hears of the last alone. None is ever called otherwise.
    """

    GONE = "gone"
    DISABLED = "disabled"
    REVOKED = "revoked"
    EXPIRED = "expired"
    MAIN = "main-password"
    PROTOCOL = "protocol"
    NETWORK = "network"
    HOURS = "hours"
    NOT_ACCEPTED = "not-accepted"  # the password, or the proof
    LOGIN_DELAY = "login-delay"


@dataclass(frozen=True, slots=True)
class Visitor:
    """An account, and the view that is asked for."""

    view: int
    device: str | None  # None: the default view
    state: str
    is_revoked: bool
    expires_at: int | None
    login_delay_seconds: int | None  # None: the site's
    last_used_at: int | None
    last_used_from: str | None
    restrictions: tuple[Restrictions, ...]  # the account's, then the device's

    def refusal(self, sign_in: SignIn, time: datetime) -> Refused | None:
        """Return why they may not come in at this time of the server's clock, None: they may."""
        if self.state != "enabled":
            return Refused.DISABLED
        if self.is_revoked:
            return Refused.REVOKED
        if self.expires_at is not None and self.expires_at <= time.timestamp():
            return Refused.EXPIRED
        minute = time.hour * 60 + time.minute
        reasons = (
            each.refusal(sign_in.protocol, sign_in.source, minute) for each in self.restrictions
        )
        return next((Refused(reason) for reason in reasons if reason), None)


def find_visitor(rows: Rows, identity: Identity) -> Visitor | None:
    """Return who somebody is, None where there never was such an account or device."""
    row = rows.one(VISITOR, identity.account, identity.device)
    if row is None:
        return None
    view, device, state, is_revoked, expires_at, delay, used_at, used_from, *restrictions = row
    return Visitor(
        view,
        device,
        state,
        bool(is_revoked),
        expires_at,
        delay,
        used_at,
        used_from,
        (Restrictions(*restrictions[:3]), Restrictions(*restrictions[3:])),
    )


def comes_by_main_password(identity: Identity, sign_in: SignIn) -> bool:
    """Return whether it is the main password that was proved: not a device's, and not a token."""
    facts = FACTS.get(sign_in.mechanism)
    return identity.device is None and (facts is None or facts.shows is not Shows.TOKEN)


def refuses_main_password(rows: Rows, account: AccountId) -> bool:
    """Return whether no mail is to be had by the main password.

    That is so where it is set, and where nothing is set and the account has a second factor.
    """
    row = rows.one(REFUSES_MAIN, account)
    return row is not None and bool(row[0])
