"""Accounts: who has a maildrop, by which name, and whether they may log in."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pillarbox.accounts.credentials import (
    Verifier,
    add_verifiers,
    drop_second_factor,
    drop_verifiers,
    revoke_device,
)
from pillarbox.accounts.ended_sessions import end_all_sessions
from pillarbox.accounts.name import read_name, require_name
from pillarbox.accounts.policies import (
    ACCOUNT,
    WINDOW,
    Value,
    Written,
    account_settings,
    read_settings,
    set_account,
    set_view,
    told,
    view_settings,
)
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.journal.audit import append

BY_NAME = "SELECT id, name, state, created_at FROM accounts WHERE name = ? AND state <> 'removed'"
ALL = "SELECT id, name, state, created_at FROM accounts WHERE state <> 'removed' ORDER BY name"
TOKENS_SINCE = "SELECT tokens_since FROM accounts WHERE id = ?"
ADD_DEFAULT_VIEW = "INSERT INTO views (account_id, role, created_at) VALUES (?, 'master', ?)"
DEVICES = "SELECT id FROM devices WHERE account_id = ? AND revoked_at IS NULL"


class State(StrEnum):
    """Whether an account may log in. A disabled one still gets its mail."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Account:
    """One account that has not been removed."""

    id: AccountId
    name: str
    state: State
    created_at: int


class Accounts:
    """The accounts of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, verifiers: Sequence[Verifier] = ()) -> Account:
        """Add an account, enabled; without verifiers nobody can log in to it yet.

        Raises OperatorFault where the name is taken or breaks the rules.
        """
        wanted = require_name(name)
        now = int(self._clock.now())
        return self._database.write(lambda rows: _add(rows, wanted, verifiers, now))

    def list(self) -> Sequence[Account]:
        """Return every account in the order of their names."""
        with self._database.reading() as rows:
            return [_account(row) for row in rows.all(ALL)]

    def show(self, name: str) -> Account:
        """Return an account; raises OperatorFault where there is none of that name."""
        with self._database.reading() as rows:
            return require_account(rows, name)

    def find(self, name: str) -> Account | None:
        """Return an account, None where there is none of that name."""
        with self._database.reading() as rows:
            return _find(rows, name)

    def settings(self, name: str) -> tuple[dict[str, Value], dict[str, Value]]:
        """Return what is set of an account, and of its default view; raises OperatorFault."""
        with self._database.reading() as rows:
            account = require_account(rows, name).id
            view = view_settings(rows, account)
            return account_settings(rows, account), {each: view[each] for each in WINDOW}

    def edit(self, name: str, written: Written, default_view: Written) -> None:
        """Set what is written of an account and of its default view, or nothing of it.

        Raises OperatorFault which quotes what is wrong.
        """
        settings = read_settings(ACCOUNT, written)
        view = read_settings(WINDOW, default_view)
        now = int(self._clock.now())

        def edit(rows: Rows) -> None:
            account = require_account(rows, name).id
            changed = set_account(rows, account, settings) | set_view(rows, account, None, view)
            if changed:
                append(rows, now, "account.edited", account, **told(changed))

        self._database.write(edit)

    def tokens_since(self, account: AccountId) -> int | None:
        """Return when tokens began to count: what was issued earlier opens nothing; None: all."""
        with self._database.reading() as rows:
            found = rows.one(TOKENS_SINCE, account)
        return found[0] if found else None

    def resolve(self, recipient: str) -> Account | None:
        """Return whose mail this is: the account of the whole address, else of its local part.

        Any domain will do: LMTP comes from an MTA that has routed the message to us already.
        A disabled account's mail goes on arriving.
        """
        with self._database.reading() as rows:
            return _find(rows, recipient) or _find(rows, recipient.rpartition("@")[0])

    def enable(self, name: str) -> Account:
        """Let the account log in; raises OperatorFault where there is none."""
        now = int(self._clock.now())
        return self._database.write(lambda rows: _set_state(rows, name, State.ENABLED, now))

    def disable(self, name: str) -> Account:
        """Let the account log in no more; raises OperatorFault where there is none."""
        now = int(self._clock.now())

        def disable(rows: Rows) -> Account:
            account = _set_state(rows, name, State.DISABLED, now)
            end_all_sessions(rows, account.id, now)
            return account

        return self._database.write(disable)

    def remove(self, name: str) -> None:
        """Give the name free; the mail stays, and no later account of that name sees it.

        Raises OperatorFault where there is none, or where a remote still collects into it.
        """
        now = int(self._clock.now())
        self._database.write(lambda rows: _remove(rows, name, now))


def require_account(rows: Rows, name: str) -> Account:
    """Return an account inside a transaction; raises OperatorFault where there is none."""
    account = _find(rows, name)
    if account is None:
        raise OperatorFault(
            'There is no account {name!r}. "pillarbox account list" names them.', name=name
        )
    return account


def _find(rows: Rows, name: str) -> Account | None:
    wanted = read_name(name)
    row = rows.one(BY_NAME, wanted) if wanted else None
    return _account(row) if row else None


def _add(rows: Rows, name: str, verifiers: Sequence[Verifier], now: int) -> Account:
    if _find(rows, name):
        raise OperatorFault("There is an account {name!r} already.", name=name)
    row_id = rows.insert(
        "INSERT INTO accounts (name, state, created_at) VALUES (?, ?, ?)", name, State.ENABLED, now
    )
    account = Account(AccountId(row_id), name, State.ENABLED, now)
    rows.run(ADD_DEFAULT_VIEW, account.id, now)
    add_verifiers(rows, account.id, None, verifiers, now)
    append(rows, now, "account.added", account.id, name=name)
    return account


def _set_state(rows: Rows, name: str, state: State, now: int) -> Account:
    account = require_account(rows, name)
    rows.run("UPDATE accounts SET state = ? WHERE id = ?", state, account.id)
    if state is not account.state:
        append(rows, now, f"account.{state}", account.id)
    return Account(account.id, account.name, state, account.created_at)


def _remove(rows: Rows, name: str, now: int) -> None:
    account = require_account(rows, name)
    remote = rows.one("SELECT name FROM remotes WHERE account_id = ? ORDER BY name", account.id)
    if remote:
        # Its mail would go where nobody reads it, and perhaps leave the server it came from.
        raise OperatorFault(
            'Account {name!r} still collects from the remote {remote!r}. Run "pillarbox remote'
            ' remove {remote}" first.',
            name=account.name,
            remote=remote[0],
        )
    drop_verifiers(rows, account.id)
    drop_second_factor(rows, account.id)
    for (device,) in rows.all(DEVICES, account.id):
        revoke_device(rows, device, now)
    rows.run("UPDATE accounts SET state = 'removed' WHERE id = ?", account.id)
    append(rows, now, "account.removed", account.id, name=account.name)
    end_all_sessions(rows, account.id, now)


def _account(row: Row) -> Account:
    account_id, name, state, created_at = row
    return Account(AccountId(account_id), name, State(state), created_at)
