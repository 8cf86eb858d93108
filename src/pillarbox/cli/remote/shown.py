"""A remote as it is shown: everything but its secret, and how it went with it last."""

from pillarbox.accounts.remotes import Remote, facts_of
from pillarbox.app.build import System
from pillarbox.app.standing import state_fields
from pillarbox.archive.remote_states import RemoteStates
from pillarbox.base.clock import shown_time
from pillarbox.cli.options import print_json, print_table
from pillarbox.cli.words import _


def fields_of(system: System, remote: Remote) -> dict[str, object]:
    """Return what is set and how it went last, for programs; None: not set."""
    state = RemoteStates(system.database).of(remote.id)
    names = {account.id: account.name for account in system.accounts.list()}
    return {
        "name": remote.name,
        "account": names.get(remote.settings.account),
        **facts_of(remote.settings),
        "folders": list(remote.settings.folders),
        "created_at": shown_time(remote.created_at),
        "paused_at": _time(remote.paused_at),
        **state_fields(remote, state, system.collect.interval_seconds, system.clock.now()),
    }


def _time(at: int | None) -> str | None:
    return None if at is None else shown_time(at)


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
        _("Last collected"),
    )
    rows = [
        [*(fields[key] for key in keys), _state(fields), word(fields["succeeded_at"])]
        for fields in found
    ]
    print_table(headings, rows)


def print_fields(fields: dict[str, object]) -> None:
    """Print one thing for people, such as a remote, one field a line."""
    rows = [(name, word(value)) for name, value in fields.items()]
    print_table((_("Field"), _("Value")), rows)


def _state(fields: dict[str, object]) -> str:
    if fields["paused_at"]:
        return _("paused")
    return _("failing") if fields["failures"] else _("active")


def word(value: object) -> object:
    """Return a value as people are shown it; what is not there is empty."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else value
