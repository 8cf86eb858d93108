"""`pillarbox collect`: fetch what is new from the remotes, once or whenever their turn is."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from importlib import import_module
from typing import Protocol

import click

from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System, opened
from pillarbox.app.collecting import Collecting
from pillarbox.app.home import Home
from pillarbox.app.sources import refuse_rules_for_nobody, source_now
from pillarbox.app.standing import refuse_too_early
from pillarbox.app.watcher import Ended
from pillarbox.archive.remote_states import RemoteStates, Stale
from pillarbox.base.errors import Fault, OperatorFault
from pillarbox.cli.collect.events import Events, fields_of
from pillarbox.cli.collect.remarks import remarks
from pillarbox.cli.collect.rest import want_rest
from pillarbox.cli.collect.steps import print_steps, step_fields
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.words import _, said
from pillarbox.collector.collect import Collector
from pillarbox.collector.intake import Keepers
from pillarbox.collector.outcome import Outcome, Result, exit_code, outcome_of
from pillarbox.collector.progress import Progress, Silent
from pillarbox.collector.source import Source


@click.command(help=_("Collect what is new from the remotes; all of them where none is named."))
@click.argument("names", nargs=-1)
@click.option("--watch", is_flag=True, help=_("Go on: collect from each when its turn is."))
@click.option(
    "--dry-run", is_flag=True, help=_("Say what would be done; fetch and remove nothing.")
)
@click.option(
    "--rest", metavar="ID", multiple=True, help=_("Fetch the rest of it; may be given again.")
)
@click.option("--quiet", "-q", is_flag=True, help=_("Say nothing where nothing is wrong."))
@click.option("--events", is_flag=True, help=_("Print what happens as JSON, one event a line."))
@as_json
@click.pass_obj
@click.pass_context
def collect(
    ctx: click.Context,
    home: Home,
    /,
    names: tuple[str, ...],
    rest: tuple[str, ...],
    **flags: bool,
) -> None:
    """Collect once, or go on."""
    _require_useful(rest, flags)
    try:
        with opened(home) as system:
            remotes = _remotes(system, names)
            refuse_rules_for_nobody(system)  # once, and not once for each of them
            want_rest(system, remotes, rest)
            code = _rehearse(system, remotes, flags) if flags["dry_run"] else None
            if code is None:
                code = asyncio.run(_collect(system, remotes, names, flags))
    except Fault as fault:
        click.echo(f"pillarbox: {said(fault)}", err=True)
        code = outcome_of(fault)  # 1 would say that there was no mail
    ctx.exit(code)


def _require_useful(rest: Sequence[str], flags: dict[str, bool]) -> None:
    """Raise click.UsageError for what is of no use where nothing is done."""
    asked = [f"--{name}" for name in ("watch", "events", "quiet") if flags[name]]
    asked += ["--rest"] if rest else []
    if flags["dry_run"] and asked:
        raise click.UsageError(_("--dry-run goes without {option}.").format(option=asked[0]))


def _remotes(system: System, names: Sequence[str]) -> list[Remote]:
    """Return those that are named, or else all that are not paused; raises OperatorFault."""
    if names:
        return [system.remotes.show(name) for name in dict.fromkeys(names)]
    found = list(system.remotes.list())
    if not found:
        raise OperatorFault('There is no remote yet. "pillarbox remote add" adds one.')
    return [remote for remote in found if not remote.paused_at]


async def _collect(
    system: System, remotes: Sequence[Remote], names: Sequence[str], flags: dict[str, bool]
) -> int:
    is_watching = flags["watch"]
    has_events = flags["events"] or (is_watching and flags["as_json"])
    is_silent = flags["quiet"] or has_events or flags["as_json"]
    with ExitStack() as stack:
        bars = stack.enter_context(_bars(is_shown=not is_silent and sys.stderr.isatty()))
        watcher = Events(system.clock) if has_events else _Lines(bars, is_silent=is_silent)
        collecting = Collecting(system, watcher)
        stack.callback(collecting.close)
        _end_on_signals(collecting)
        if is_watching:
            await collecting.watch([remote.name for remote in remotes] if names else ())
            return Outcome.MAIL
        ended = await collecting.once(remotes, are_named=bool(names))
    if flags["as_json"] and not has_events:
        print_json([fields_of(each) for each in ended])
    return exit_code([each.result for each in ended])


def _end_on_signals(collecting: Collecting) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, collecting.stop)


class _Bars(Protocol):
    """What moves on a terminal while messages come in."""

    has_reader: bool

    def begin(self, name: str) -> Progress:
        """Show a remote."""
        ...

    def end(self, name: str) -> None:
        """Show it no more."""
        ...


class _NoBars:
    """Nobody looks."""

    has_reader = False

    def begin(self, name: str) -> Progress:
        """Show nothing."""
        del name
        return Silent()

    def end(self, name: str) -> None:
        """Show nothing."""


def _bars(*, is_shown: bool) -> AbstractContextManager[_Bars]:
    if not is_shown:
        return nullcontext(_NoBars())
    shown = import_module("pillarbox.cli.collect.bars")  # with its library
    bars: AbstractContextManager[_Bars] = shown.Bars()
    return bars


class _Lines:
    """Says to people what came of each session, as soon as it has ended."""

    def __init__(self, bars: _Bars, *, is_silent: bool) -> None:
        self._bars = bars
        self._is_silent = is_silent

    def begins(self, remote: Remote) -> Progress:
        """Show a line of progress."""
        return self._bars.begin(remote.name)

    def ended(self, ended: Ended) -> None:
        """Say what came of it."""
        self._bars.end(ended.remote.name)
        result = ended.result
        if not self._is_silent and _is_news(result, has_reader=self._bars.has_reader):
            click.echo(_summary(ended))
        if not self._is_silent and result.outcome is Outcome.LOCKED and result.fault is None:
            text = _("{name}: another process is collecting from it.").format(
                name=ended.remote.name
            )
            click.echo("pillarbox: " + text, err=True)
        for remark in remarks(result, ended.expires_days):
            click.echo(f"pillarbox: {ended.remote.name}: {remark}", err=True)
        if result.fault is not None:
            click.echo(f"pillarbox: {ended.remote.name}: {said(result.fault)}", err=True)

    def stale(self, stale: Stale) -> None:
        """Say that nothing has been collected for too long."""
        text = _("{name}: nothing has been collected for a day or more.")
        click.echo("pillarbox: " + text.format(name=stale.name), err=True)

    def failed(self, fault: Fault) -> None:
        """Say that the remotes cannot be read."""
        click.echo(f"pillarbox: {said(fault)}", err=True)


def _is_news(result: Result, *, has_reader: bool) -> bool:
    """Say whether there is more to tell than a fault; from cron nothing new is nothing to tell."""
    if result.outcome is Outcome.NONE:
        return has_reader or bool(result.removed or result.perhaps_removed)
    return bool(result.listed)


def _summary(ended: Ended) -> str:
    text = _("{name}: {listed} listed, {collected} collected, {octets} octets, {removed} removed")
    result = ended.result
    return text.format(
        name=ended.remote.name,
        listed=result.listed,
        collected=result.collected,
        octets=result.octets,
        removed=result.removed,
    )


# What would be done.


def _source(system: System, remote: Remote) -> Source:
    """Return a remote; raises RefusedFault where its server wants no login yet."""
    state = RemoteStates(system.database).of(remote.id)
    refuse_too_early(remote, state, system.clock.now(), is_named=True)
    return source_now(system, remote, state)


def _rehearse(system: System, remotes: Sequence[Remote], flags: dict[str, bool]) -> int:
    keepers = Keepers(system.archive)
    collector = Collector(keepers, system.ledger, system.home.remote_leases, system.clock)
    code, rows = int(Outcome.NONE), list[dict[str, object]]()
    try:
        for remote in remotes:
            try:
                steps = asyncio.run(collector.rehearse(_source(system, remote)))
            except Fault as fault:
                click.echo(f"pillarbox: {remote.name}: {said(fault)}", err=True)
                code = outcome_of(fault) if code <= Outcome.NONE else code
                continue
            rows += [{"remote": remote.name, **step_fields(step)} for step in steps]
            if not flags["as_json"]:
                print_steps(remote.name, steps)
    finally:
        keepers.close()
    if flags["as_json"]:
        print_json(rows)
    has_mail = code <= Outcome.NONE and any(row["step"] == "fetch" for row in rows)
    return Outcome.MAIL if has_mail else code
