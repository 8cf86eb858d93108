"""A remote as it is shown: everything but its secret, and how it went with it last."""

from contextlib import suppress

import click

from pillarbox.accounts.remote_settings import facts_of
from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System
from pillarbox.app.standing import state_fields
from pillarbox.archive.remote_states import RemoteState, RemoteStates
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import Fault
from pillarbox.base.words import N_
from pillarbox.cli.options import print_json, print_table
from pillarbox.cli.words import _

UNAUTHORISED = N_("unauthorised")


def fields_of(system: System, remote: Remote) -> dict[str, object]:
    """Return what is set and how it went last, for programs; None: not set."""
    state = RemoteStates(system.database).of(remote.id)
    names = {account.id: account.name for account in system.accounts.list()}
    standing = _state(system, remote, state)
    is_waiting = standing == UNAUTHORISED
    return {
        "name": remote.name,
        "state": standing,
        "mended_by": f"pillarbox remote authorize {remote.name}" if is_waiting else None,
        "account": names.get(remote.settings.account),
        **facts_of(remote.settings),
        "folders": list(remote.settings.folders),
        "created_at": shown_time(remote.created_at),
        "paused_at": _time(remote.paused_at),
        **state_fields(remote, state, system.collect.interval_seconds, system.clock.now()),
    }


def _state(system: System, remote: Remote, state: RemoteState) -> str:
    if remote.paused_at:
        return N_("paused")
    with suppress(Fault):  # without the master key there is something to show too
        if system.grants.must_be_authorised(remote):
            return UNAUTHORISED
    return N_("failing") if state.failures else N_("active")


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
        [*(fields[key] for key in keys), _(str(fields["state"])), word(fields["succeeded_at"])]
        for fields in found
    ]
    print_table(headings, rows)
    for fields in found:
        if fields["mended_by"]:
            text = _('{name}: it waits until somebody authorises it: "{command}".')
            said = text.format(name=fields["name"], command=fields["mended_by"])
            click.echo("pillarbox: " + said, err=True)


def print_fields(fields: dict[str, object]) -> None:
    """Print one thing for people, such as a remote, one field a line."""
    rows = [(name, word(value)) for name, value in fields.items()]
    print_table((_("Field"), _("Value")), rows)


def word(value: object) -> object:
    """Return a value as people are shown it; what is not there is empty."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else value
