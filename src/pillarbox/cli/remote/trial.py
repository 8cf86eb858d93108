"""`pillarbox remote test`: how far a remote lets us come, without fetching or removing."""

import asyncio

import click

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.app.sources import source_at
from pillarbox.base.errors import Fault
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.words import _, printable, said
from pillarbox.collector.outcome import Outcome, outcome_of
from pillarbox.collector.source import Source
from pillarbox.collector.trial import Ended, Passed, try_remote


@click.command(
    name="test", help=_("Connect and log in, say what was found, and fetch and remove nothing.")
)
@click.argument("name")
@as_json
@click.pass_obj
@click.pass_context
def trial(ctx: click.Context, home: Home, name: str, *, as_json: bool) -> None:
    """Try a remote."""
    passed: list[Passed] = []

    def report(stage: Passed) -> None:
        passed.append(stage)
        if not as_json:
            click.echo(_line(stage))

    try:
        ended = asyncio.run(try_remote(_source(home, name), report))
    except Fault as fault:
        ended = Ended(None, fault)
    if as_json:
        print_json(_fields(name, passed, ended))
    if ended.fault is not None:
        where = name if ended.stage is None else f"{name}: {ended.stage}"
        click.echo(f"pillarbox: {where}: {said(ended.fault)}", err=True)
    ctx.exit(_outcome(ended))


def _source(home: Home, name: str) -> Source:
    with opened(home) as system:
        return source_at(system, system.remotes.show(name))


def _outcome(ended: Ended) -> Outcome:
    """Return what `collect` would exit with; to come through is enough."""
    return Outcome.MAIL if ended.fault is None else outcome_of(ended.fault)


def _line(passed: Passed) -> str:
    found = ", ".join(f"{name} {_word(value)}" for name, value in passed.found.items())
    return printable(f"{passed.stage}: {found}" if found else str(passed.stage))


def _word(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(value)
    if value is None:
        return _("none")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fields(name: str, passed: list[Passed], ended: Ended) -> dict[str, object]:
    stages: list[dict[str, object]] = [
        {"stage": each.stage.value, "passed": True, **each.found} for each in passed
    ]
    if ended.stage is not None:
        stages.append({"stage": ended.stage.value, "passed": False})
    return {
        "remote": name,
        "outcome": _outcome(ended).name.lower() if ended.fault else "passed",
        "stages": stages,
        "fault": None if ended.fault is None else said(ended.fault),
    }
