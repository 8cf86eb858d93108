"""Second factors: added with a proof, checked once a code, and not as often as anyone likes.

All that must hold between processes is in the rows: which code was used last, and how many were
wrong. So it is compared and written in one transaction.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pillarbox.accounts.accounts import Account, require_account
from pillarbox.accounts.credentials import drop_second_factor
from pillarbox.accounts.second_factor.recovery_codes import (
    RecoveryCodes,
    left,
    read_recovery_code,
)
from pillarbox.accounts.second_factor.totp import SECRET_OCTETS, matching_step, read_code
from pillarbox.accounts.secret_store import SecretId, SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal import audit

# Three of a million codes are right at any moment: at this pace, whoever guesses for an hour comes
# in once in 5,500 times.
WRONG_CODES = 5
WRONG_SECONDS = 300
NEVER_USED = -1  # before every time step

FACTOR = "SELECT secret_id, last_step, added_at FROM second_factors WHERE account_id = ?"
ADD = "INSERT INTO second_factors (account_id, secret_id, last_step, added_at) VALUES (?, ?, ?, ?)"
USE_STEP = "UPDATE second_factors SET last_step = ? WHERE account_id = ?"
WRONG = "SELECT count(*) FROM wrong_codes WHERE account_id = ? AND at > ?"
ADD_WRONG = "INSERT INTO wrong_codes (account_id, at) VALUES (?, ?)"
FORGET_WRONG = "DELETE FROM wrong_codes WHERE account_id = ? AND at <= ?"


class Verdict(StrEnum):
    """What a code was."""

    RIGHT = "right"
    WRONG = "wrong"  # used before is wrong too
    WAIT = "wait"  # it was not tried: too many wrong ones came before


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """An account's second factor."""

    added_at: int
    recovery_codes: int  # that have not been used


class WrongCodeFault(OperatorFault):
    """A code is not right; another may be."""

    retry = True


@dataclass(frozen=True, slots=True)
class _Known:
    account: Account
    secret_id: SecretId
    secret: Secret


class SecondFactors:
    """The second factors of one database's accounts."""

    def __init__(
        self, database: Database, clock: Clock, secret_store: SecretStore, keys: SiteKeys
    ) -> None:
        self._database = database
        self._clock = clock
        self._secret_store = secret_store
        self._recovery_codes = RecoveryCodes(keys)

    def find(self, account: str) -> SecondFactor | None:
        """Return an account's second factor; raises OperatorFault where there is no account."""
        with self._database.reading() as rows:
            found = require_account(rows, account)
            row = rows.one(FACTOR, found.id)
            return SecondFactor(row[2], left(rows, found.id)) if row else None

    def require_none(self, account: str) -> Account:
        """Return an account; raises OperatorFault where there is none, or its factor is on."""
        with self._database.reading() as rows:
            return _without(rows, account)

    def add(self, account: str, secret: Secret, code: str) -> Sequence[Secret]:
        """Turn a second factor on, of which the code is a proof; return its recovery codes.

        They cannot be told again. Raises WrongCodeFault; OperatorFault as `require_none`, and
        where the master key is missing; StoreFault.
        """
        self._recovery_codes.make_key()

        def add(rows: Rows) -> Sequence[Secret]:
            now = self._clock.now()
            found = _without(rows, account)
            digits = read_code(code)
            step = matching_step(secret, digits, now, NEVER_USED) if digits else None
            if step is None:
                raise _wrong()
            kept = self._secret_store.put_within(rows, purpose_of(found.id), secret)
            rows.run(ADD, found.id, kept, step, int(now))
            audit.append(rows, int(now), "second-factor.added", found.id)
            return self._recovery_codes.replace(rows, found.id, int(now))

        return self._database.write(add)

    def remove(self, account: str) -> None:
        """Turn a second factor off and forget its secrets; raises OperatorFault where none is on.

        Whoever calls has seen to it that the caller may: see `require`.
        """

        def remove(rows: Rows) -> None:
            found = require_account(rows, account)
            if not drop_second_factor(rows, found.id):
                raise _none_is_on(found.name)
            audit.append(rows, int(self._clock.now()), "second-factor.removed", found.id)

        self._database.write(remove)

    def make_recovery_codes(self, account: str) -> Sequence[Secret]:
        """Return new recovery codes, which cannot be told again; the old ones are good no more.

        Raises OperatorFault where no second factor is on or the master key is missing; StoreFault.
        """
        self._recovery_codes.make_key()

        def replace(rows: Rows) -> Sequence[Secret]:
            now = int(self._clock.now())
            found = require_account(rows, account)
            if rows.one(FACTOR, found.id) is None:
                raise _none_is_on(found.name)
            audit.append(rows, now, "recovery-codes.made", found.id)
            return self._recovery_codes.replace(rows, found.id, now)

        return self._database.write(replace)

    def check(self, account: str, code: str) -> Verdict:
        """Say what a code is, and use it up: an app's code, or a recovery code.

        Raises OperatorFault where no second factor is on or the master key is missing; StoreFault.
        """
        self._recovery_codes.make_key()
        known = self._known(account)
        return self._database.write(lambda rows: self._try(rows, known, code))

    def require(self, account: str, code: str) -> None:
        """Let only those pass who have the second factor, where one is on.

        For whatever weakens an account at the word of somebody who is not at this machine. The
        code is used up. Raises WrongCodeFault, and as `check`.
        """
        if self.find(account) is None:
            return
        match self.check(account, code):
            case Verdict.RIGHT:
                return
            case Verdict.WRONG:
                raise _wrong()
            case Verdict.WAIT:
                raise WrongCodeFault(
                    "Too many codes were wrong. Wait {minutes} minutes, or use a recovery code.",
                    minutes=WRONG_SECONDS // 60,
                )

    def _known(self, account: str) -> _Known:
        """Return the secret, read before the transaction: under the write lock it would wait."""
        with self._database.reading() as rows:
            found = require_account(rows, account)
            row = rows.one(FACTOR, found.id)
        if row is None:
            raise _none_is_on(found.name)
        kept = SecretId(row[0])
        return _Known(found, kept, self._secret_store.get(kept, purpose_of(found.id)))

    def _try(self, rows: Rows, known: _Known, code: str) -> Verdict:
        row = rows.one(FACTOR, known.account.id)
        if row is None or row[0] != known.secret_id:  # it was turned off meanwhile
            return Verdict.WRONG
        if recovery := read_recovery_code(code):
            is_right = self._recovery_codes.use(
                rows, known.account.id, recovery, int(self._clock.now())
            )
            return Verdict.RIGHT if is_right else Verdict.WRONG
        digits = read_code(code)
        # What can be no code is no guess, and does not count.
        return self._try_digits(rows, known, digits, row[1]) if digits else Verdict.WRONG

    def _try_digits(self, rows: Rows, known: _Known, code: str, last_step: int) -> Verdict:
        now, account = self._clock.now(), known.account.id
        if _count_wrong(rows, account, int(now)) >= WRONG_CODES:
            return Verdict.WAIT
        step = matching_step(known.secret, code, now, last_step)
        if step is not None:
            rows.run(USE_STEP, step, account)
            return Verdict.RIGHT
        rows.run(ADD_WRONG, account, int(now))
        audit.append(rows, int(now), "second-factor.refused", account)
        return Verdict.WRONG


def generate_secret() -> Secret:
    """Return a secret that no app has had."""
    return Secret(secrets.token_bytes(SECRET_OCTETS))


def purpose_of(account: AccountId) -> str:
    """Return what an account's secret is sealed for: no other account's row opens with it."""
    return f"second factor of account {account}"


def _count_wrong(rows: Rows, account: AccountId, now: int) -> int:
    rows.run(FORGET_WRONG, account, now - WRONG_SECONDS)
    found = rows.one(WRONG, account, now - WRONG_SECONDS)
    return found[0] if found else 0


def _without(rows: Rows, account: str) -> Account:
    found = require_account(rows, account)
    if rows.one(FACTOR, found.id):
        raise OperatorFault(
            'Account {account!r} has a second factor already. "pillarbox account second-factor'
            ' remove {account}" turns it off.',
            account=found.name,
        )
    return found


def _none_is_on(account: str) -> OperatorFault:
    return OperatorFault(
        'Account {account!r} has no second factor. "pillarbox account second-factor add'
        ' {account}" turns one on.',
        account=account,
    )


def _wrong() -> WrongCodeFault:
    return WrongCodeFault("That code is not right, or was used before. Wait for the next one.")
