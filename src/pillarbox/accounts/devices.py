"""Devices: each mail program with an app password of its own, which can be revoked alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pillarbox.accounts.accounts import Account, require_account
from pillarbox.accounts.app_passwords import AppPasswords
from pillarbox.accounts.credentials import (
    Verifier,
    add_verifiers,
    forget_app_password,
    revoke_device,
)
from pillarbox.accounts.digests import MOST_KEPT, purpose_of
from pillarbox.accounts.generate import generate_password
from pillarbox.accounts.name import read_name, require_name
from pillarbox.accounts.policies import (
    DEVICE,
    Value,
    Written,
    read_settings,
    set_view,
    told,
    view_settings,
)
from pillarbox.accounts.scram import Scram
from pillarbox.accounts.secret_store import SecretId, SecretStore
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, DeviceId
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.journal.audit import append

SELECT = """
    SELECT devices.id, name, devices.created_at, digest_secret_id, last_used_at, last_used_from
    FROM devices JOIN views ON device_id = devices.id
    WHERE devices.account_id = ? AND name = coalesce(?, name) AND revoked_at IS NULL ORDER BY name
"""

ADD_VIEW = "INSERT INTO views (account_id, device_id, role, created_at) VALUES (?, ?, ?, ?)"
DEFAULT_ROLE = "reader"  # a device that is given no thought removes nothing from the others


@dataclass(frozen=True, slots=True)
class Device:
    """One device that has not been revoked."""

    id: DeviceId
    name: str
    created_at: int
    digest_secret: SecretId | None  # for CRAM-MD5 and APOP; None: it can use neither
    last_used_at: int | None  # to the hour
    last_used_from: str | None
    settings: Mapping[str, Value]  # as policies.DEVICE has them


class Devices:
    """The devices of one database's accounts."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        app_passwords: AppPasswords,
        scram: Scram,
        secret_store: SecretStore,
    ) -> None:
        self._database = database
        self._clock = clock
        self._app_passwords = app_passwords
        self._scram = scram
        self._secret_store = secret_store

    def add(
        self,
        account: str,
        name: str,
        *,
        legacy_digest: bool = False,
        written: Written | None = None,
    ) -> Secret:
        """Add a device and return its app password, which cannot be told again.

        Only with `legacy_digest` is it kept so that it can be read back, sealed, for CRAM-MD5 and
        APOP. Raises OperatorFault where the account is unknown, where the name is taken or breaks
        the rules, where a setting is wrong, or where the master key is missing; StoreFault.
        """
        wanted = require_name(name)
        settings = read_settings(DEVICE, written or {})
        with self._database.reading() as rows:  # before the slow work
            _require_free(rows, require_account(rows, account), wanted)
        self._app_passwords.make_key()
        password = generate_password()
        verifiers = self._scram.device_verifiers(account, password.reveal())

        def add(rows: Rows) -> None:
            found = require_account(rows, account)
            _require_free(rows, found, wanted)
            device = self._insert(rows, found.id, wanted, password, verifiers)
            changed = set_view(rows, found.id, device, settings)
            if legacy_digest:
                _require_room(rows, found.id)
                self._seal(rows, device, password)
            facts = {"role": DEFAULT_ROLE, **told(changed)}
            append(rows, int(self._clock.now()), "device.added", found.id, device=wanted, **facts)

        self._database.write(add)
        return password

    def renew(self, account: str, name: str, *, legacy_digest: bool = False) -> Secret:
        """Give a device another app password and return it, which cannot be told again.

        It stays the same device: what it has had and what it has hidden stays so, where one that is
        added anew would be shown all mail again. Raises as `add` does.
        """
        with self._database.reading() as rows:  # before the slow work
            _require(rows, require_account(rows, account), name)
        self._app_passwords.make_key()
        password = generate_password()
        verifiers = self._scram.device_verifiers(account, password.reveal())
        now = int(self._clock.now())

        def renew(rows: Rows) -> None:
            found = require_account(rows, account)
            device = _require(rows, found, name)
            forget_app_password(rows, device.id, now)
            self._keep(rows, found.id, device.id, password, verifiers)
            if legacy_digest:
                _require_room(rows, found.id)
                self._seal(rows, device.id, password)
            append(rows, now, "password.changed", found.id, device=device.name)

        self._database.write(renew)
        return password

    def list(self, account: str) -> Sequence[Device]:
        """Return an account's devices in the order of their names; raises OperatorFault."""
        with self._database.reading() as rows:
            found = require_account(rows, account).id
            return [_device(rows, found, row) for row in rows.all(SELECT, found, None)]

    def show(self, account: str, name: str) -> Device:
        """Return a device; raises OperatorFault where there is none of that name."""
        with self._database.reading() as rows:
            return _require(rows, require_account(rows, account), name)

    def edit(self, account: str, name: str, written: Written) -> None:
        """Set what is written of a device, or nothing of it.

        Raises OperatorFault which quotes what is wrong.
        """
        settings = read_settings(DEVICE, written)
        now = int(self._clock.now())

        def edit(rows: Rows) -> None:
            found = require_account(rows, account)
            device = _require(rows, found, name)
            changed = set_view(rows, found.id, device.id, settings)
            if changed:
                append(rows, now, "device.edited", found.id, device=device.name, **told(changed))

        self._database.write(edit)

    def revoke(self, account: str, name: str) -> None:
        """Let a device log in no more, and forget every secret of it; raises OperatorFault."""
        now = int(self._clock.now())

        def revoke(rows: Rows) -> None:
            found = require_account(rows, account)
            device = _require(rows, found, name)
            revoke_device(rows, device.id, now)
            append(rows, now, "device.revoked", found.id, device=device.name)

        self._database.write(revoke)

    def rename(self, account: str, name: str, new_name: str) -> None:
        """Call a device otherwise; its password stays. Raises OperatorFault."""
        wanted = require_name(new_name)
        now = int(self._clock.now())

        def rename(rows: Rows) -> None:
            found = require_account(rows, account)
            device = _require(rows, found, name)
            if wanted != device.name:
                _require_free(rows, found, wanted)
                rows.run("UPDATE devices SET name = ? WHERE id = ?", wanted, device.id)
                append(rows, now, "device.renamed", found.id, device=device.name, name=wanted)

        self._database.write(rename)

    def _insert(
        self,
        rows: Rows,
        account: AccountId,
        name: str,
        password: Secret,
        verifiers: Sequence[Verifier],
    ) -> DeviceId:
        now = int(self._clock.now())
        device = DeviceId(
            rows.insert(
                "INSERT INTO devices (account_id, name, created_at) VALUES (?, ?, ?)",
                account,
                name,
                now,
            )
        )
        rows.run(ADD_VIEW, account, device, DEFAULT_ROLE, now)
        self._keep(rows, account, device, password, verifiers)
        return device

    def _keep(
        self,
        rows: Rows,
        account: AccountId,
        device: DeviceId,
        password: Secret,
        verifiers: Sequence[Verifier],
    ) -> None:
        by_look_up = self._app_passwords.verifier(account, password.reveal())
        add_verifiers(rows, account, device, [by_look_up, *verifiers], int(self._clock.now()))

    def _seal(self, rows: Rows, device: DeviceId, password: Secret) -> None:
        secret = self._secret_store.put_within(rows, purpose_of(device), password)
        rows.run("UPDATE devices SET digest_secret_id = ? WHERE id = ?", secret, device)


def _require_room(rows: Rows, account: AccountId) -> None:
    kept = "SELECT 1 FROM devices WHERE account_id = ? AND digest_secret_id IS NOT NULL"
    if len(rows.all(kept, account)) >= MOST_KEPT:
        raise OperatorFault(
            "An account has at most {most} devices with --legacy-digest.", most=MOST_KEPT
        )


def _require_free(rows: Rows, account: Account, name: str) -> None:
    if rows.one(SELECT, account.id, name):
        raise OperatorFault(
            "Account {account!r} has a device {name!r} already.", account=account.name, name=name
        )


def _require(rows: Rows, account: Account, name: str) -> Device:
    wanted = read_name(name)
    row = rows.one(SELECT, account.id, wanted) if wanted else None
    if row is None:
        raise OperatorFault(
            'Account {account!r} has no device {name!r}. "pillarbox device list {account}" names'
            " them.",
            account=account.name,
            name=name,
        )
    return _device(rows, account.id, row)


def _device(rows: Rows, account: AccountId, row: Row) -> Device:
    device, name, created_at, secret, last_used_at, last_used_from = row
    return Device(
        DeviceId(device),
        name,
        created_at,
        None if secret is None else SecretId(secret),
        last_used_at,
        last_used_from,
        view_settings(rows, account, DeviceId(device)),
    )
