"""`pillarbox alert`: what somebody is to be told, whether or not anybody has been."""

from collections.abc import Iterator

import click

from pillarbox.app.alert_words import fields
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.clock import shown_time
from pillarbox.base.names import AccountId
from pillarbox.cli.options import of_account_since, print_json_each
from pillarbox.cli.times import read_time
from pillarbox.cli.words import _
from pillarbox.journal.alerts import Alert, Alerts
from pillarbox.journal.facts import facts_in_words
from pillarbox.journal.journal import shown


@click.group(help=_("What somebody is to be told soon."))
def alert() -> None:
    """Hold the commands below."""


@alert.command(name="list", help=_("List the alerts, the newest last."))
@of_account_since
@click.pass_obj
def list_(home: Home, account: str | None, since: str | None, *, as_json: bool) -> None:
    """List the alerts."""
    with opened(home) as system:
        start = 0 if since is None else read_time(since, system.clock.now())
        whose = None if account is None else system.accounts.show(account).id
        found = _wanted(Alerts(system.database, system.clock), whose, start)
        if as_json:
            print_json_each(_fields(each) for each in found)
        else:
            for each in found:
                click.echo("\t".join(_row(each)))


def _wanted(alerts: Alerts, account: AccountId | None, since: int) -> Iterator[Alert]:
    return (each for each in alerts.list() if each.at >= since and account in (None, each.account))


def _fields(alert: Alert) -> dict[str, object]:
    told_at = None if alert.told_at is None else shown_time(alert.told_at)
    return {**fields(alert), "told_by": sorted(alert.told_by), "told_at": told_at}


def _row(alert: Alert) -> tuple[str, ...]:
    state = _("waits") if alert.told_at is None else _("told")
    facts = facts_in_words(alert.facts, _)
    return shown_time(alert.at), alert.name or "-", shown(alert.kind), state, facts
