"""Remotes: mail servers elsewhere that we collect from, and the passwords that they want."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pillarbox.accounts.name import read_name, require_name
from pillarbox.accounts.secret_store import SecretId, SecretStore
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.journal.audit import Fact, append

SELECT = """
    SELECT id, name, secret_id, created_at, account_id, host, port, user, tls, ca_file,
           timeout_seconds, deadline_seconds, delete_after_days, mechanism
    FROM remotes WHERE name = coalesce(?, name) ORDER BY name
"""


class Tls(StrEnum):
    """How the connection is secured. Whether `NONE` may be is asked before it comes here."""

    IMPLICIT = "implicit"
    STLS = "stls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """What the operator says of a remote; None leaves the choice to the collector."""

    account: AccountId
    host: str
    port: int
    user: str
    tls: Tls = Tls.IMPLICIT
    ca_file: str | None = None
    timeout_seconds: int | None = None  # one wait
    deadline_seconds: int | None = None  # a whole session
    delete_after_days: int | None = None  # None leaves the mail there, 0 removes it when safe
    mechanism: str | None = None  # None takes the strongest that both sides have


@dataclass(frozen=True, slots=True)
class Remote:
    """One remote; its password is asked for apart."""

    id: RemoteId
    name: str
    secret: SecretId
    created_at: int
    settings: RemoteSettings


class Remotes:
    """The remotes of one database."""

    def __init__(self, database: Database, secret_store: SecretStore, clock: Clock) -> None:
        self._database = database
        self._secret_store = secret_store
        self._clock = clock

    def add(self, name: str, settings: RemoteSettings, password: Secret) -> Remote:
        """Add a remote and seal its password, both or neither.

        Raises OperatorFault where the name is taken or breaks the rules, where the account is
        unknown or the master key is missing; StoreFault.
        """
        wanted = require_name(name)
        return self._database.write(lambda rows: self._add(rows, wanted, settings, password))

    def list(self) -> Sequence[Remote]:
        """Return every remote in the order of their names."""
        with self._database.reading() as rows:
            return [_remote(row) for row in rows.all(SELECT, None)]

    def show(self, name: str) -> Remote:
        """Return a remote; raises OperatorFault where there is none of that name."""
        with self._database.reading() as rows:
            return _require(rows, name)

    def password(self, remote: Remote) -> Secret:
        """Return what the remote wants to hear; raises OperatorFault, StoreFault."""
        return self._secret_store.get(remote.secret, _purpose(remote.name))

    def remove(self, name: str) -> None:
        """Forget a remote, its password and what was collected from it; the mail stays.

        Raises OperatorFault where there is none of that name.
        """
        self._database.write(lambda rows: self._remove(rows, name))

    def _add(self, rows: Rows, name: str, settings: RemoteSettings, password: Secret) -> Remote:
        if _find(rows, name):
            raise OperatorFault("There is a remote {name!r} already.", name=name)
        _require_account(rows, settings.account)
        secret = self._secret_store.put_within(rows, _purpose(name), password)
        now = int(self._clock.now())
        row_id = _insert(rows, name, secret, now, settings)
        append(rows, now, "remote.added", settings.account, remote=name, **_facts(settings))
        return Remote(RemoteId(row_id), name, secret, now, settings)

    def _remove(self, rows: Rows, name: str) -> None:
        remote = _require(rows, name)
        rows.run("DELETE FROM remotes WHERE id = ?", remote.id)  # its ledger rows go with it
        self._secret_store.drop_within(rows, remote.secret)
        now = int(self._clock.now())
        append(rows, now, "remote.removed", remote.settings.account, remote=remote.name)


def _facts(settings: RemoteSettings) -> dict[str, Fact]:
    """Return what the audit tells of a remote; the password is none of it."""
    return {
        "server": f"{settings.host}:{settings.port}",
        "user": settings.user,
        "tls": settings.tls,
        "mechanism": settings.mechanism,
        "delete_after_days": settings.delete_after_days,
    }


def _purpose(name: str) -> str:
    return f"remote {name}"


def _find(rows: Rows, name: str) -> Remote | None:
    wanted = read_name(name)
    row = rows.one(SELECT, wanted) if wanted else None
    return _remote(row) if row else None


def _require(rows: Rows, name: str) -> Remote:
    remote = _find(rows, name)
    if remote is None:
        raise OperatorFault(
            'There is no remote {name!r}. "pillarbox remote list" names them.', name=name
        )
    return remote


def _require_account(rows: Rows, account: AccountId) -> None:
    if not rows.one("SELECT 1 FROM accounts WHERE id = ? AND state <> 'removed'", account):
        raise OperatorFault("The account that the mail is for is not there any more.")


def _insert(rows: Rows, name: str, secret: SecretId, now: int, settings: RemoteSettings) -> int:
    return rows.insert(
        "INSERT INTO remotes (name, secret_id, created_at, account_id, host, port, user, tls,"
        " ca_file, timeout_seconds, deadline_seconds, delete_after_days, mechanism)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        name,
        secret,
        now,
        settings.account,
        settings.host,
        settings.port,
        settings.user,
        settings.tls,
        settings.ca_file,
        settings.timeout_seconds,
        settings.deadline_seconds,
        settings.delete_after_days,
        settings.mechanism,
    )


def _remote(row: Row) -> Remote:
    remote_id, name, secret, created_at, account, host, port, user, tls, *rest = row
    settings = RemoteSettings(account, host, port, user, Tls(tls), *rest)
    return Remote(RemoteId(remote_id), name, SecretId(secret), created_at, settings)
