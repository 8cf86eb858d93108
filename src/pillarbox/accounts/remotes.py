"""Remotes: mail servers elsewhere that we collect from, and the passwords that they want."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pillarbox.accounts.name import read_name, require_name
from pillarbox.accounts.remote_settings import (
    LeavePolicy,
    Protocol,
    RemoteSettings,
    Role,
    Schedule,
    SecretKind,
    Tls,
    added_facts,
    changed_facts,
    may_be_another_maildrop,
)
from pillarbox.accounts.secret_store import SecretId, SecretStore
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, RemoteId
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.journal.audit import append

SELECT = """
    SELECT id, name, secret_id, created_at, paused_at,
           account_id, host, port, user, tls, ca_file, timeout_seconds, deadline_seconds, mechanism,
           protocol, folders, role, secret_kind, into_maildrop, delete_after_days, keep_newest,
           delete_when_archived, delete_after_backups, interval_seconds, cron
    FROM remotes WHERE name = coalesce(?, name) ORDER BY name
"""
# In the order of SELECT.
INSERT = """
    INSERT INTO remotes (
           name, secret_id, created_at,
           account_id, host, port, user, tls, ca_file, timeout_seconds, deadline_seconds, mechanism,
           protocol, folders, role, secret_kind, into_maildrop, delete_after_days, keep_newest,
           delete_when_archived, delete_after_backups, interval_seconds, cron)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Its columns in the order of `_columns`.
UPDATE = """
    UPDATE remotes SET
           account_id = ?, host = ?, port = ?, user = ?, tls = ?, ca_file = ?, timeout_seconds = ?,
           deadline_seconds = ?, mechanism = ?, protocol = ?, folders = ?, role = ?,
           secret_kind = ?, into_maildrop = ?, delete_after_days = ?, keep_newest = ?,
           delete_when_archived = ?, delete_after_backups = ?, interval_seconds = ?, cron = ?
    WHERE id = ?
"""


@dataclass(frozen=True, slots=True)
class Remote:
    """One remote; its password is asked for apart."""

    id: RemoteId
    name: str
    secret: SecretId
    created_at: int
    settings: RemoteSettings
    paused_at: int | None = None  # seconds since 1970; it is not collected from until it goes on


# No listing has a name with a space: whatever the new maildrop lists is unknown at first, and known
# again by its size and its header.
FORMER = """
    UPDATE ledger SET
        unique_id = 'was ' || ? || ' ' || unique_id, vanished_at = coalesce(vanished_at, ?)
    WHERE remote_id = ? AND instr(unique_id, ' ') = 0
"""
FORMER_OCTETS = 8  # of chance, so that no two former maildrops have the same names


class ChangedFault(OperatorFault):
    """A remote is not what it was; whoever asks again sees what it is now."""

    retry = True


Alter = Callable[[RemoteSettings], RemoteSettings]


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
        """Return what the remote wants to hear.

        Raises ChangedFault where it would go elsewhere now, or is a secret of another kind than
        `remote` says; OperatorFault, StoreFault.
        """
        secret = self._secret_store.get(remote.secret, _purpose(remote.name))
        with self._database.reading() as rows:
            now = _find(rows, remote.name)
        if now is None or now.id != remote.id or _way(now.settings) != _way(remote.settings):
            raise _changed_meanwhile(remote)
        return secret

    def keep_secret(
        self,
        remote: Remote,
        secret: Secret,
        then: Callable[[Rows], None] | None = None,
        *,
        instead_of: Secret | None = None,
    ) -> None:
        """Seal another secret, which somebody else than a person made; `then` goes with it.

        Raises ChangedFault where there is another by now than `instead_of`; StoreFault, also where
        the remote is gone, and OperatorFault as `add`.
        """

        def work(rows: Rows) -> None:
            purpose = _purpose(remote.name)
            if instead_of not in {
                None,
                self._secret_store.get_within(rows, remote.secret, purpose),
            }:
                raise _changed_meanwhile(remote)
            self._secret_store.replace_within(rows, remote.secret, purpose, secret)
            if then is not None:
                then(rows)

        self._database.write(work)

    def edit(self, name: str, alter: Alter, password: Secret | None = None) -> Remote:
        """Give a remote other settings, and another secret where one is given; both or neither.

        Where it may be another maildrop then, nobody may collect from it meanwhile: what is known
        of messages by their unique-ids says nothing any more.

        Raises as `add`, what `alter` raises, and OperatorFault where there is none of that name.
        """
        return self._database.write(lambda rows: self._edit(rows, name, alter, password))

    def pause(self, name: str) -> None:
        """Let it rest; what rests already goes on resting. Raises OperatorFault."""
        self._database.write(lambda rows: self._pause(rows, name))

    def resume(self, name: str) -> None:
        """Collect from it again; raises OperatorFault."""
        self._database.write(lambda rows: self._resume(rows, name))

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
        append(rows, now, "remote.added", settings.account, remote=name, **added_facts(settings))
        return Remote(RemoteId(row_id), name, secret, now, settings)

    def _edit(self, rows: Rows, name: str, alter: Alter, password: Secret | None) -> Remote:
        before = _require(rows, name)
        settings = alter(before.settings)
        if settings.account != before.settings.account:
            _require_account(rows, settings.account)
        if password is not None:
            purpose = _purpose(before.name)
            self._secret_store.replace_within(rows, before.secret, purpose, password)
        rows.run(UPDATE, *_columns(settings), before.id)
        if may_be_another_maildrop(before.settings, settings):
            former = secrets.token_hex(FORMER_OCTETS)
            rows.run(FORMER, former, int(self._clock.now()), before.id)
        changed = changed_facts(before.settings, settings)
        if password is not None:
            changed["password_changed"] = True
        if changed:
            now = int(self._clock.now())
            append(rows, now, "remote.edited", settings.account, remote=before.name, **changed)
        return replace(before, settings=settings)

    def _pause(self, rows: Rows, name: str) -> None:
        remote = _require(rows, name)
        if remote.paused_at is None:
            now = int(self._clock.now())
            rows.run("UPDATE remotes SET paused_at = ? WHERE id = ?", now, remote.id)
            append(rows, now, "remote.paused", remote.settings.account, remote=remote.name)

    def _resume(self, rows: Rows, name: str) -> None:
        remote = _require(rows, name)
        if remote.paused_at is not None:
            now = int(self._clock.now())
            rows.run("UPDATE remotes SET paused_at = NULL WHERE id = ?", remote.id)
            append(rows, now, "remote.resumed", remote.settings.account, remote=remote.name)

    def _remove(self, rows: Rows, name: str) -> None:
        remote = _require(rows, name)
        rows.run("DELETE FROM remotes WHERE id = ?", remote.id)  # its ledger rows go with it
        self._secret_store.drop_within(rows, remote.secret)
        now = int(self._clock.now())
        append(rows, now, "remote.removed", remote.settings.account, remote=remote.name)


def _way(settings: RemoteSettings) -> tuple[object, ...]:
    """Return what a secret is, where it goes, and how."""
    return (
        settings.secret_kind,
        settings.host,
        settings.port,
        settings.user,
        settings.tls,
        settings.ca_file,
        settings.mechanism,
        settings.protocol,
    )


def _changed_meanwhile(remote: Remote) -> OperatorFault:
    return ChangedFault("The remote {name!r} was changed meanwhile.", name=remote.name)


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
    return rows.insert(INSERT, name, secret, now, *_columns(settings))


def _columns(settings: RemoteSettings) -> tuple[object, ...]:
    """Return the settings in the order of INSERT."""
    leave, schedule = settings.leave, settings.schedule
    return (
        settings.account,
        settings.host,
        settings.port,
        settings.user,
        settings.tls,
        settings.ca_file,
        settings.timeout_seconds,
        settings.deadline_seconds,
        settings.mechanism,
        settings.protocol,
        json.dumps(settings.folders) if settings.folders else None,
        settings.role,
        settings.secret_kind,
        settings.into_maildrop,
        leave.delete_after_days,
        leave.keep_newest,
        leave.when_archived,
        leave.after_backups,
        schedule.interval_seconds,
        schedule.cron,
    )


def _remote(row: Row) -> Remote:
    remote_id, name, secret, created_at, paused_at, *columns = row
    settings = _settings(tuple(columns))
    return Remote(RemoteId(remote_id), name, SecretId(secret), created_at, settings, paused_at)


def _settings(columns: Row) -> RemoteSettings:
    account, host, port, user, tls, ca_file, timeout, deadline, mechanism, *rest = columns
    protocol, folders, role, kind, into_maildrop, days, newest, archived, backups, *when = rest
    return RemoteSettings(
        account,
        host,
        port,
        user,
        Tls(tls),
        ca_file,
        timeout,
        deadline,
        mechanism,
        Protocol(protocol),
        tuple(json.loads(folders or "[]")),
        Role(role),
        SecretKind(kind),
        bool(into_maildrop),
        LeavePolicy(days, newest, bool(archived), backups),
        Schedule(*when),
    )
