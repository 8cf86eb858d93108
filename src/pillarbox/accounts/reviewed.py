"""The facts that a review goes by, out of the database."""

from collections.abc import Sequence

from pillarbox.accounts.accounts import State, require_account
from pillarbox.accounts.argon2id import PasswordScheme
from pillarbox.accounts.review import (
    AccountFacts,
    DeviceFacts,
    Finding,
    Now,
    ScramState,
    findings,
)
from pillarbox.accounts.scram import SCHEMES, Scram
from pillarbox.accounts.second_factor.recovery_codes import left
from pillarbox.accounts.visitor import refuses_main_password
from pillarbox.base.clock import Clock
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Row, Rows

ACCOUNTS = """
    SELECT accounts.id, accounts.name, accounts.created_at, state, last_used_at
    FROM accounts LEFT JOIN views ON views.account_id = accounts.id AND device_id IS NULL
    WHERE state <> 'removed' AND accounts.name = coalesce(?, accounts.name) ORDER BY accounts.name
"""
DEVICES = """
    SELECT name, devices.created_at, last_used_at, expires_at, digest_secret_id IS NOT NULL
    FROM devices LEFT JOIN views ON device_id = devices.id
    WHERE devices.account_id = ? AND revoked_at IS NULL ORDER BY name
"""
MAIN = """
    SELECT verifier FROM credentials WHERE account_id = ? AND scheme = ? AND device_id IS NULL
"""
REMOTES = "SELECT name FROM remotes WHERE account_id = ? ORDER BY name"
FACTOR = "SELECT 1 FROM second_factors WHERE account_id = ?"
# Uses are noted since there is an audit: what came before is not known, and not held against it.
NOTED_SINCE = "SELECT at FROM audit ORDER BY id LIMIT 1"


class Reviewed:
    """The accounts of one database, as a review sees them."""

    def __init__(
        self, database: Database, clock: Clock, scheme: PasswordScheme, scram: Scram
    ) -> None:
        self._database = database
        self._clock = clock
        self._scheme = scheme
        self._scram = scram

    def findings(self, name: str | None = None) -> Sequence[Finding]:
        """Return what is found, of one account or of all; raises OperatorFault where it is none."""
        now = int(self._clock.now())
        with self._database.reading() as rows:
            wanted = require_account(rows, name).name if name is not None else None
            facts = [self._facts(rows, row) for row in rows.all(ACCOUNTS, wanted)]
            noted_since = rows.one(NOTED_SINCE) or (now,)
        return list(findings(facts, Now(now, noted_since[0])))

    def _facts(self, rows: Rows, row: Row) -> AccountFacts:
        number, name, created_at, state, last_used_at = row
        account = AccountId(number)
        verifier = rows.one(MAIN, account, self._scheme.name)
        return AccountFacts(
            name=name,
            created_at=created_at,
            is_enabled=state == State.ENABLED,
            last_used_at=last_used_at,
            hash_is_current=verifier is None or self._scheme.is_current(verifier[0]),
            scram=self._scram_state(rows, account),
            has_second_factor=rows.one(FACTOR, account) is not None,
            recovery_codes=left(rows, account),
            main_password_enters=verifier is not None and not refuses_main_password(rows, account),
            devices=tuple(_device(each) for each in rows.all(DEVICES, account)),
            remotes=tuple(remote for (remote,) in rows.all(REMOTES, account)),
        )

    def _scram_state(self, rows: Rows, account: AccountId) -> ScramState:
        missing = self._scram.missing(account)
        if not missing:
            return ScramState.READY
        if any(rows.one(MAIN, account, SCHEMES[hash_]) for hash_ in missing):
            return ScramState.OUTDATED
        return ScramState.MISSING


def _device(row: Row) -> DeviceFacts:
    name, created_at, last_used_at, expires_at, has_legacy_digest = row
    return DeviceFacts(name, created_at, last_used_at, expires_at, bool(has_legacy_digest))
