"""`pillarbox collect`: fetch what is new from the remotes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from pillarbox.accounts.remotes import Remote, Tls
from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.app.remote_secrets import password_of
from pillarbox.app.rules import ruled
from pillarbox.archive.keep import Filed
from pillarbox.base.errors import Fault, OperatorFault
from pillarbox.cli.options import as_json, print_json, progress_display
from pillarbox.cli.words import _, said
from pillarbox.collector.collect import Collector
from pillarbox.collector.intake import Keepers
from pillarbox.collector.outcome import Result, exit_code, outcome_of
from pillarbox.collector.source import Source, source_of


@click.command(help=_("Collect what is new from the remotes; all of them where none is named."))
@click.argument("names", nargs=-1)
@as_json
@click.pass_obj
@click.pass_context
def collect(ctx: click.Context, home: Home, names: tuple[str, ...], *, as_json: bool) -> None:
    """Collect once."""
    try:
        results = _collect_from(home, names)
    except Fault as fault:
        click.echo(f"pillarbox: {said(fault)}", err=True)
        ctx.exit(outcome_of(fault))  # 1 would say that there was no mail
    if as_json:
        print_json([_fields(remote, result) for remote, result in results])
    else:
        for remote, result in results:
            click.echo(_summary(remote, result))
    for remote, result in results:
        if result.fault is not None:
            click.echo(f"{remote.name}: {said(result.fault)}", err=True)
    ctx.exit(exit_code([result for _remote, result in results]))


def _collect_from(home: Home, names: Sequence[str]) -> list[tuple[Remote, Result]]:
    with opened(home) as system:
        remotes = [system.remotes.show(name) for name in names] or system.remotes.list()
        if not remotes:
            raise OperatorFault('There is no remote yet. "pillarbox remote add" adds one.')
        return asyncio.run(_collect(system, remotes))


async def _collect(system: System, remotes: Sequence[Remote]) -> list[tuple[Remote, Result]]:
    keepers = Keepers(system.archive)
    collector = Collector(keepers, system.ledger, system.home.remote_leases, system.clock)
    try:
        with progress_display(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[messages]}"),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        ) as progress:
            results = await asyncio.gather(
                *(
                    collector.collect(_source(system, remote), _Bar(progress, remote.name))
                    for remote in remotes
                )
            )
    finally:
        keepers.close()
    return list(zip(remotes, results, strict=True))


def _source(system: System, remote: Remote) -> Source:
    # A remote without TLS was added by somebody who said that the password may be seen.
    allowed = remote.settings.tls is Tls.NONE
    source = source_of(remote, password_of(system, remote), allow_password_without_tls=allowed)
    return ruled(source, system.collect, system.accounts, system.remotes)


@dataclass(slots=True)
class _Count:
    kept: int = 0
    planned: int = 0


class _Bar:
    """One remote's line of the progress display."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._count = _Count()
        self._task: TaskID = progress.add_task(name, total=None, messages="")

    def planned(self, messages: int, octets: int) -> None:
        """Show how much there is to do."""
        self._count.planned = messages
        self._progress.update(self._task, total=octets, messages=self._messages())

    def received(self, octets: int) -> None:
        """Move on."""
        self._progress.advance(self._task, octets)

    def kept(self, filed: Filed) -> None:
        """Count one message more."""
        del filed
        self._count.kept += 1
        self._progress.update(self._task, messages=self._messages())

    def _messages(self) -> str:
        return f"{self._count.kept}/{self._count.planned}"


def _summary(remote: Remote, result: Result) -> str:
    text = _("{name}: {listed} listed, {collected} collected, {octets} octets, {removed} removed")
    return text.format(
        name=remote.name,
        listed=result.listed,
        collected=result.collected,
        octets=result.octets,
        removed=result.removed,
    )


def _fields(remote: Remote, result: Result) -> dict[str, object]:
    return {
        "remote": remote.name,
        "outcome": result.outcome.name.lower(),
        "listed": result.listed,
        "collected": result.collected,
        "known": result.known,
        "refused": result.refused,
        "octets": result.octets,
        "removed": result.removed,
        "perhaps_removed": result.perhaps_removed,
        "fault": None if result.fault is None else said(result.fault),
    }
