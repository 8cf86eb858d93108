"""When an account was broken into: everything that lets somebody in is made worthless at once."""

from dataclasses import dataclass

from pillarbox.accounts.accounts import Account, require_account
from pillarbox.accounts.credentials import drop_verifiers, revoke_device
from pillarbox.accounts.ended_sessions import end_all_sessions
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.base.clock import Clock
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.audit import append

REFUSE_TOKENS = "UPDATE accounts SET tokens_since = ? WHERE id = ?"
DEVICES = "SELECT id, name FROM devices WHERE account_id = ? AND revoked_at IS NULL ORDER BY name"


@dataclass(frozen=True, slots=True)
class Declared:
    """What was done: nobody can come in until there is a new password."""

    account: Account
    at: int
    devices: tuple[str, ...]  # that were revoked


class Incidents:
    """Declares them for one database's accounts."""

    def __init__(self, database: Database, clock: Clock, throttle: Throttle) -> None:
        self._database = database
        self._clock = clock
        self._throttle = throttle

    def declare(self, name: str) -> Declared:
        """Revoke every password of an account, and end its sessions, all or nothing of it.

        Tokens that were issued before open nothing either, nor do those that do not say when.
        No network is known to it any more, the intruder's neither. Mail goes on arriving. The
        second factor stays: it opens no maildrop. Raises OperatorFault where there is no such
        account; StoreFault.
        """
        now = int(self._clock.now())
        forget = self._throttle.forgetting(name)

        def declare(rows: Rows) -> Declared:
            declared = _declare(rows, name, now)
            forget(rows)
            return declared

        return self._database.write(declare)


def _declare(rows: Rows, name: str, now: int) -> Declared:
    account = require_account(rows, name)
    devices = rows.all(DEVICES, account.id)
    for device, _ in devices:
        revoke_device(rows, device, now)  # first: it keeps what tells whether one is tried again
    drop_verifiers(rows, account.id)
    rows.run(REFUSE_TOKENS, now, account.id)
    end_all_sessions(rows, account.id, now)
    append(rows, now, "incident.declared", account.id, devices=len(devices))
    return Declared(account, now, tuple(device_name for _, device_name in devices))
