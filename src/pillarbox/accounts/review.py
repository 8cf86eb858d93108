"""What an administrator should look at in accounts and devices, and what mends it. Pure.

Facts in, findings out. What somebody cannot act on is left out: of a disabled account, of an
account that nobody uses, and of a password that POP3 refuses, the smaller things do not matter.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

DAY = 86_400
NEVER_USED_DAYS = 14  # an app password that waits longer lies on a paper somewhere
UNUSED_DAYS = 90
STALE_DAYS = 180
FEW_RECOVERY_CODES = 3


class Kind(StrEnum):
    """What was found; names in `--json`, never reused."""

    DISABLED_COLLECTS = "disabled-collects"
    ACCOUNT_STALE = "account-stale"
    NO_SECOND_FACTOR = "no-second-factor"
    FEW_RECOVERY_CODES = "few-recovery-codes"
    MAIN_IS_OPEN = "main-password-open"
    OLD_HASH = "old-hash"
    SCRAM_OUTDATED = "scram-outdated"
    SCRAM_MISSING = "scram-missing"
    DEVICE_EXPIRED = "device-expired"
    DEVICE_NEVER_USED = "device-never-used"
    DEVICE_UNUSED = "device-unused"
    LEGACY_DIGEST = "legacy-digest"


# What mends it, as one types it.
MENDS = {
    Kind.DISABLED_COLLECTS: "pillarbox remote remove {remote}",
    Kind.ACCOUNT_STALE: "pillarbox account disable {account}",
    Kind.NO_SECOND_FACTOR: "pillarbox account second-factor add {account}",
    Kind.FEW_RECOVERY_CODES: "pillarbox account second-factor recovery-codes {account}",
    Kind.MAIN_IS_OPEN: "pillarbox account edit {account} --main-password refuse",
    Kind.OLD_HASH: "pillarbox account password {account}",
    Kind.SCRAM_OUTDATED: "pillarbox account password {account}",
    Kind.SCRAM_MISSING: "pillarbox account password {account}",
    Kind.DEVICE_EXPIRED: "pillarbox device revoke {account} {device}",
    Kind.DEVICE_NEVER_USED: "pillarbox device revoke {account} {device}",
    Kind.DEVICE_UNUSED: "pillarbox device revoke {account} {device}",
    Kind.LEGACY_DIGEST: "pillarbox device password {account} {device}",
}


class ScramState(StrEnum):
    """Whether SCRAM can prove the main password."""

    READY = "ready"
    MISSING = "missing"
    OUTDATED = "outdated"  # of another count than today's


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What is known of a device that has not been revoked; times in seconds since 1970, UTC."""

    name: str
    created_at: int
    last_used_at: int | None = None  # None: never
    expires_at: int | None = None
    has_legacy_digest: bool = False


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known of an account that has not been removed."""

    name: str
    created_at: int
    is_enabled: bool = True
    last_used_at: int | None = None  # by the main password or a token
    hash_is_current: bool = True  # also where there is no main password
    scram: ScramState = ScramState.READY
    has_second_factor: bool = True
    recovery_codes: int = 10
    main_password_enters: bool = False  # by POP3
    devices: tuple[DeviceFacts, ...] = ()
    remotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Now:
    """When this is looked at, and since when uses have been noted at all."""

    at: int
    noted_since: int

    def days_since(self, used_at: int | None, created_at: int) -> int:
        """Return for how many days nothing was used, as far as anybody can know."""
        since = max(created_at, self.noted_since) if used_at is None else used_at
        return max(0, self.at - since) // DAY


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    kind: Kind
    account: str
    device: str | None = None
    remote: str | None = None
    days: int | None = None  # for how long it has not been used
    left: int | None = None  # recovery codes

    @property
    def command(self) -> str:
        """What mends it, as one types it into a shell."""
        words = {"account": self.account, "device": self.device, "remote": self.remote}
        quoted = {name: shlex.quote(word or "") for name, word in words.items()}
        return MENDS[self.kind].format(**quoted)


def findings(accounts: Iterable[AccountFacts], now: Now) -> Iterator[Finding]:
    """Yield what is found, account by account, in the order of `Kind`."""
    for account in accounts:
        rules = RULES if account.is_enabled else (_of_disabled,)
        found = [finding for rule in rules for finding in rule(account, now)]
        yield from sorted(found, key=lambda each: (list(Kind).index(each.kind), each.device or ""))


def is_stale(account: AccountFacts, now: Now) -> bool:
    """Say whether nobody has come in for long, by the main password or a device."""
    return _days_unused(account, now) >= STALE_DAYS


def _days_unused(account: AccountFacts, now: Now) -> int:
    devices = [now.days_since(each.last_used_at, each.created_at) for each in account.devices]
    return min([now.days_since(account.last_used_at, account.created_at), *devices])


def _of_disabled(account: AccountFacts, now: Now) -> Iterator[Finding]:
    del now
    for remote in account.remotes:
        yield Finding(Kind.DISABLED_COLLECTS, account.name, remote=remote)


def _of_stale(account: AccountFacts, now: Now) -> Iterator[Finding]:
    if is_stale(account, now):
        yield Finding(Kind.ACCOUNT_STALE, account.name, days=_days_unused(account, now))


def _of_second_factor(account: AccountFacts, now: Now) -> Iterator[Finding]:
    if is_stale(account, now):
        return
    if not account.has_second_factor:
        yield Finding(Kind.NO_SECOND_FACTOR, account.name)
    elif account.recovery_codes < FEW_RECOVERY_CODES:
        yield Finding(Kind.FEW_RECOVERY_CODES, account.name, left=account.recovery_codes)


def _of_main_password(account: AccountFacts, now: Now) -> Iterator[Finding]:
    del now
    if not account.hash_is_current:  # somebody may have a copy of it, whether it is used or not
        yield Finding(Kind.OLD_HASH, account.name)
    if not account.main_password_enters:
        return
    if account.devices:
        yield Finding(Kind.MAIN_IS_OPEN, account.name)
    if account.scram is ScramState.OUTDATED:
        yield Finding(Kind.SCRAM_OUTDATED, account.name)
    if account.scram is ScramState.MISSING:
        yield Finding(Kind.SCRAM_MISSING, account.name)


def _of_devices(account: AccountFacts, now: Now) -> Iterator[Finding]:
    for device in account.devices:
        yield from _of_device(account, device, now)


def _of_device(account: AccountFacts, device: DeviceFacts, now: Now) -> Iterator[Finding]:
    if device.expires_at is not None and device.expires_at <= now.at:
        yield Finding(Kind.DEVICE_EXPIRED, account.name, device=device.name)
        return
    days = now.days_since(device.last_used_at, device.created_at)
    is_unused, kind = _unused(device, days)
    if is_unused and not is_stale(account, now):
        yield Finding(kind, account.name, device=device.name, days=days)
    elif device.has_legacy_digest and not is_unused:
        yield Finding(Kind.LEGACY_DIGEST, account.name, device=device.name)


def _unused(device: DeviceFacts, days: int) -> tuple[bool, Kind]:
    if device.last_used_at is None:
        return days >= NEVER_USED_DAYS, Kind.DEVICE_NEVER_USED
    return days >= UNUSED_DAYS, Kind.DEVICE_UNUSED


Rule = Callable[[AccountFacts, Now], Iterator[Finding]]

# Of an account that is enabled.
RULES: tuple[Rule, ...] = (_of_stale, _of_second_factor, _of_main_password, _of_devices)
