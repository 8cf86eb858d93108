"""What a secret is tried against: verifiers by scheme, of an account's main password or a device's.

One password may have several verifiers, one for each scheme that can use it, since none of them
can be made from another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pillarbox.accounts.ended_sessions import end_sessions
from pillarbox.base.names import AccountId, DeviceId
from pillarbox.db.sqlite import Rows
from pillarbox.sasl.exchange import ScramHash

SCHEME_LOOKED_UP = "hmac-sha-256"  # of app passwords: one hash, found by one look-up
KEEP_TO_WARN = """
    UPDATE devices SET revoked_hash = (
        SELECT verifier FROM credentials WHERE device_id = devices.id AND scheme = ?
    ) WHERE id = ?
"""


@dataclass(frozen=True, slots=True)
class ScramParameters:
    """What all verifiers of one hash share within an account."""

    hash: ScramHash
    salt: bytes
    iterations: int


@dataclass(frozen=True, slots=True)
class Verifier:
    """Proves a password without holding it; out of logs all the same: it can be guessed against."""

    scheme: str
    text: str = field(repr=False)
    parameters: ScramParameters | None = None  # that it was made with, where it is SCRAM's


def replace_main_verifiers(
    rows: Rows, account: AccountId, verifiers: Iterable[Verifier], now: int
) -> None:
    """Put these in the place of all that the main password has; devices keep theirs.

    Whoever is in by the old password is in no more.
    """
    rows.run("DELETE FROM credentials WHERE account_id = ? AND device_id IS NULL", account)
    add_verifiers(rows, account, None, verifiers, now)
    end_sessions(rows, account, None, now)


def replace_each_verifier(
    rows: Rows,
    account: AccountId,
    device: DeviceId | None,
    verifiers: Iterable[Verifier],
    now: int,
) -> None:
    """Put each of these in the place of the device's, or main password's, of the same scheme."""
    for verifier in verifiers:
        rows.run(
            "DELETE FROM credentials WHERE account_id = ? AND scheme = ? AND device_id IS ?",
            account,
            verifier.scheme,
            device,
        )
        add_verifiers(rows, account, device, [verifier], now)


def drop_main_verifiers(rows: Rows, account: AccountId, schemes: Iterable[str]) -> None:
    """Forget the main password's verifiers of these schemes; devices keep theirs."""
    rows.run_each(
        "DELETE FROM credentials WHERE account_id = ? AND device_id IS NULL AND scheme = ?",
        [(account, scheme) for scheme in schemes],
    )


def add_verifiers(
    rows: Rows,
    account: AccountId,
    device: DeviceId | None,
    verifiers: Iterable[Verifier],
    now: int,
) -> None:
    """Give a device, or the main password, these verifiers as well.

    Where a SCRAM verifier has another count than the account's of that hash, the policy is another
    now: all of that hash go. One of another salt is left out: another process made that salt
    meanwhile, and no client could prove anything against the verifier.
    """
    rows.run_each(
        "INSERT INTO credentials (account_id, device_id, scheme, verifier, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (account, device, verifier.scheme, verifier.text, now)
            for verifier in verifiers
            if verifier.parameters is None
            or _share(rows, account, verifier.scheme, verifier.parameters)
        ],
    )


def revoke_device(rows: Rows, device: DeviceId, now: int) -> None:
    """Let a device log in no more, and forget every secret of it."""
    forget_app_password(rows, device, now)
    rows.run("UPDATE devices SET revoked_at = ? WHERE id = ?", now, device)


def forget_app_password(rows: Rows, device: DeviceId, now: int) -> None:
    """Forget every secret of a device; whoever is in by its app password is in no more.

    What the password was looked up by stays, where no login looks: who tries it is told of.
    """
    rows.run(KEEP_TO_WARN, SCHEME_LOOKED_UP, device)
    kept = rows.all("SELECT account_id, digest_secret_id FROM devices WHERE id = ?", device)
    rows.run("DELETE FROM credentials WHERE device_id = ?", device)
    rows.run("UPDATE devices SET digest_secret_id = NULL WHERE id = ?", device)
    for account, secret in kept:
        rows.run("DELETE FROM secrets WHERE id = ?", secret)
        end_sessions(rows, account, device, now)


def drop_verifiers(rows: Rows, account: AccountId) -> None:
    """Leave the account and its devices without a way to log in."""
    rows.run("DELETE FROM credentials WHERE account_id = ?", account)
    rows.run("DELETE FROM scram_parameters WHERE account_id = ?", account)


def drop_second_factor(rows: Rows, account: AccountId) -> bool:
    """Forget an account's second factor with all that belongs to it; say whether there was one."""
    kept = rows.all("SELECT secret_id FROM second_factors WHERE account_id = ?", account)
    rows.run("DELETE FROM second_factors WHERE account_id = ?", account)
    rows.run_each("DELETE FROM secrets WHERE id = ?", kept)
    return bool(kept)


def _share(rows: Rows, account: AccountId, scheme: str, wanted: ScramParameters) -> bool:
    """Make these the account's parameters where it has none of that count; say whether they are."""
    found = "SELECT salt, iterations FROM scram_parameters WHERE account_id = ? AND hash = ?"
    kept = rows.one(found, account, wanted.hash)
    if kept and kept[1] == wanted.iterations:
        return bool(kept[0] == wanted.salt)
    rows.run("DELETE FROM credentials WHERE account_id = ? AND scheme = ?", account, scheme)
    rows.run(
        "INSERT OR REPLACE INTO scram_parameters (account_id, hash, salt, iterations)"
        " VALUES (?, ?, ?, ?)",
        account,
        wanted.hash,
        wanted.salt,
        wanted.iterations,
    )
    return True
