"""What can be set of an account and of its views: each setting read from what a person wrote.

An empty text takes a setting back, so that the site's holds again, or nothing does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pillarbox.accounts.restrictions import read_hours, read_networks, read_protocols
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, DeviceId
from pillarbox.db.sqlite import Rows

DAYS = 36_500  # a century: more is no date to reckon with
SECONDS = 31_536_000  # a year
OCTETS = 2**53  # what JSON carries exactly

Value = str | int | None
Written = Mapping[
    str, Sequence[str]
]  # what was written, by the setting's name; one word or several
Settings = Mapping[str, Value]  # by the setting's name


@dataclass(frozen=True, slots=True)
class Setting:
    """A column, called as the setting is, and how it is read."""

    read: Callable[[Sequence[str]], Value]
    may_be_empty: bool = True


def _number(least: int, most: int) -> Setting:
    def read(words: Sequence[str]) -> int:
        text = words[-1]
        if text.isascii() and text.isdigit() and len(text) < len(str(OCTETS)):
            number = int(text)
            if least <= number <= most:
                return number
        raise OperatorFault(
            "{value!r} is no number from {least} to {most}.", value=text, least=least, most=most
        )

    return Setting(read)


def _choice(*choices: str, may_be_empty: bool = True) -> Setting:
    def read(words: Sequence[str]) -> str:
        text = words[-1].replace("-", " ")
        if text not in choices:
            raise OperatorFault(
                "{value!r} is none of these: {choices}.",
                value=words[-1],
                choices=", ".join(each.replace(" ", "-") for each in choices),
            )
        return text

    return Setting(read, may_be_empty)


def _yes_or_no(words: Sequence[str]) -> int:
    return int(_choice("yes", "no").read(words) == "yes")


def _date(words: Sequence[str]) -> int:
    try:
        found = datetime.fromisoformat(words[-1])
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return int(aware.astimezone(UTC).timestamp())  # of a year that can be shown, in UTC too
    except (ValueError, OverflowError):
        # Not "from": what Python says is in English alone.
        raise OperatorFault(
            "{value!r} is no date. Write it as 2030-12-31, or as 2030-12-31T18:00+09:00.",
            value=words[-1],
        ) from None


RESTRICTIONS = {
    "protocols": Setting(read_protocols),
    "networks": Setting(read_networks),
    "hours": Setting(lambda words: read_hours(words[-1])),
}
WINDOW = {
    "role": _choice("master", "reader", may_be_empty=False),
    "window_days": _number(1, DAYS),
    "window_since": Setting(_date),
    "session_octets": _number(1, OCTETS),
}
DEVICE = {
    **WINDOW,
    **RESTRICTIONS,
    "retention_days": _number(1, DAYS),
    "expires_at": Setting(_date),
}
ACCOUNT = {
    **RESTRICTIONS,
    "main_password": _choice("allow", "refuse"),
    "login_delay_seconds": _number(0, SECONDS),
    "retention_days": _number(0, DAYS),
    "quota_octets": _number(0, OCTETS),
    "after_removal": _choice("keep", "archive", "delete"),
    "removal": _choice("when had", "at once"),
    "reach_days": _number(1, DAYS),
    "removes_what_all_have": Setting(_yes_or_no, may_be_empty=False),
}

# In the order of the tables above.
OF_ACCOUNT = """
    SELECT protocols, networks, hours, main_password, login_delay_seconds, retention_days,
        quota_octets, after_removal, removal, reach_days, removes_what_all_have
    FROM accounts WHERE id = ?
"""
SET_ACCOUNT = """
    UPDATE accounts SET protocols = ?, networks = ?, hours = ?, main_password = ?,
        login_delay_seconds = ?, retention_days = ?, quota_octets = ?, after_removal = ?,
        removal = ?, reach_days = ?, removes_what_all_have = ?
    WHERE id = ?
"""
OF_VIEW = """
    SELECT role, window_days, window_since, session_octets, protocols, networks, hours,
        retention_days, expires_at
    FROM views WHERE account_id = ? AND device_id IS ?
"""
SET_VIEW = """
    UPDATE views SET role = ?, window_days = ?, window_since = ?, session_octets = ?,
        protocols = ?, networks = ?, hours = ?, retention_days = ?, expires_at = ?
    WHERE account_id = ? AND device_id IS ?
"""


def read_settings(known: Mapping[str, Setting], written: Written) -> Settings:
    """Return what was written as it is kept; raises OperatorFault which quotes what is wrong."""
    return {name: _read(known[name], words) for name, words in written.items()}


def _read(setting: Setting, words: Sequence[str]) -> Value:
    if setting.may_be_empty and not any(words):
        return None
    return setting.read(words)


def account_settings(rows: Rows, account: AccountId) -> dict[str, Value]:
    """Return what is set of an account; None where the site's holds, or nothing."""
    return dict(zip(ACCOUNT, rows.one(OF_ACCOUNT, account) or (), strict=True))


def view_settings(
    rows: Rows, account: AccountId, device: DeviceId | None = None
) -> dict[str, Value]:
    """Return what is set of a device's view, or of the main password's."""
    return dict(zip(DEVICE, rows.one(OF_VIEW, account, device) or (), strict=True))


def set_account(rows: Rows, account: AccountId, settings: Settings) -> dict[str, Value]:
    """Set these; return those that have changed."""
    before = account_settings(rows, account)
    rows.run(SET_ACCOUNT, *{**before, **settings}.values(), account)
    return _changed(settings, before)


def set_view(
    rows: Rows, account: AccountId, device: DeviceId | None, settings: Settings
) -> dict[str, Value]:
    """Set these of a view; return those that have changed."""
    before = view_settings(rows, account, device)
    rows.run(SET_VIEW, *{**before, **settings}.values(), account, device)
    return _changed(settings, before)


def told(changed: Settings) -> dict[str, str | int]:
    """Return what has changed as the audit tells it: what was taken back is ""."""
    return {name: "" if value is None else value for name, value in changed.items()}


def _changed(settings: Settings, before: Settings) -> dict[str, Value]:
    return {name: value for name, value in settings.items() if value != before[name]}
