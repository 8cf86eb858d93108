"""A remote as it is shown: everything but its secret."""

from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System
from pillarbox.base.clock import shown_time
from pillarbox.cli.options import print_json, print_table
from pillarbox.cli.words import _


def fields_of(system: System, remote: Remote) -> dict[str, object]:
    """Return what is set, for programs; None: not set."""
    settings, leave, schedule = remote.settings, remote.settings.leave, remote.settings.schedule
    names = {account.id: account.name for account in system.accounts.list()}
    # RFC 3986, section 3.2.2.
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "name": remote.name,
        "server": f"{host}:{settings.port}",
        "protocol": settings.protocol.value,
        "folders": list(settings.folders),
        "tls": settings.tls.value,
        "ca": settings.ca_file,
        "user": settings.user,
        "auth": settings.mechanism,
        "secret": settings.secret_kind.value,
        "account": names.get(settings.account),
        "into_maildrop": settings.into_maildrop,
        "timeout": settings.timeout_seconds,
        "deadline": settings.deadline_seconds,
        "role": settings.role.value,
        "delete_after_days": leave.delete_after_days,
        "keep_newest": leave.keep_newest,
        "delete_when_archived": leave.when_archived,
        "delete_after_backups": leave.after_backups,
        "every": schedule.interval_seconds,
        "cron": schedule.cron,
        "created_at": shown_time(remote.created_at),
        "paused_at": None if remote.paused_at is None else shown_time(remote.paused_at),
    }


def answer(system: System, remote: Remote, *, as_json: bool) -> None:
    """Say what a remote has become, to a program that asked."""
    if as_json:
        print_json(fields_of(system, remote))


def print_remotes(found: list[dict[str, object]]) -> None:
    """Print remotes for people, one a line."""
    keys = ("name", "server", "tls", "user", "account", "protocol")
    headings = (
        _("Name"),
        _("Server"),
        _("TLS"),
        _("User"),
        _("Account"),
        _("Protocol"),
        _("State"),
    )
    rows = [[*(fields[key] for key in keys), _state(fields)] for fields in found]
    print_table(headings, rows)


def print_fields(fields: dict[str, object]) -> None:
    """Print one thing for people, such as a remote, one field a line."""
    rows = [(name, _word(value)) for name, value in fields.items()]
    print_table((_("Field"), _("Value")), rows)


def _state(fields: dict[str, object]) -> str:
    return _("paused") if fields["paused_at"] else _("active")


def _word(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else value
