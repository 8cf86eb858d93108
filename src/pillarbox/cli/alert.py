"""`pillarbox alert`: what somebody is to be told, whether or not anybody has been."""

import click

from pillarbox.app.alert_words import fields
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.clock import shown_time
from pillarbox.cli.options import as_json, print_json_each
from pillarbox.cli.words import _
from pillarbox.journal.alerts import Alert, Alerts
from pillarbox.journal.facts import facts_in_words
from pillarbox.journal.journal import shown


@click.group(help=_("What somebody is to be told soon."))
def alert() -> None:
    """Hold the commands below."""


@alert.command(name="list", help=_("List the alerts, the newest last."))
@as_json
@click.pass_obj
def list_(home: Home, *, as_json: bool) -> None:
    """List the alerts."""
    with opened(home) as system:
        found = Alerts(system.database, system.clock).list()
        if as_json:
            print_json_each(_fields(each) for each in found)
        else:
            for each in found:
                click.echo("\t".join(_row(each)))


def _fields(alert: Alert) -> dict[str, object]:
    told_at = None if alert.told_at is None else shown_time(alert.told_at)
    return {**fields(alert), "told_by": sorted(alert.told_by), "told_at": told_at}


def _row(alert: Alert) -> tuple[str, ...]:
    state = _("waits") if alert.told_at is None else _("told")
    facts = facts_in_words(alert.facts, _)
    return shown_time(alert.at), alert.name or "-", shown(alert.kind), state, facts
