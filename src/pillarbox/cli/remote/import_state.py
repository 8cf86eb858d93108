"""`pillarbox remote import-state`: what another program fetched is not collected again."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from pillarbox.accounts.remote_settings import Protocol
from pillarbox.accounts.remotes import Remote
from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.app.sources import source_at
from pillarbox.archive.seen import Entered, enter_seen
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.remote.leased import leased
from pillarbox.cli.remote.state_file import StateFile, read_state, said_of
from pillarbox.cli.words import _, ngettext, printable
from pillarbox.collector.import_state.forms import Form
from pillarbox.collector.mark_seen import list_there


@click.command(
    "import-state",
    help=_("Take over what another program has fetched, so that it is not collected again."),
)
@click.argument("name")
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    help=_("Which program wrote the file; without this, what it looks like."),
)
@click.option(
    "--listed-as",
    metavar="OWNER",
    help=_("Take what the file has under this name, though the remote has another."),
)
@click.option(
    "--mark-all-seen",
    is_flag=True,
    help=_("No file: list what is on the server now, and collect none of it."),
)
@as_json
@click.pass_obj
def import_state(home: Home, /, **options: object) -> None:
    """Enter messages in the ledger as seen."""
    given = msgspec.convert(options, _Options)
    if (given.file is None) == (not given.mark_all_seen):
        raise OperatorFault("Say what was fetched: a FILE or --mark-all-seen, not both.")
    with opened(home) as system:
        remote = system.remotes.show(given.name)
        if given.file and remote.settings.protocol is Protocol.IMAP:
            raise OperatorFault(
                "These files name messages as POP3 does. Over IMAP, --mark-all-seen is of use."
            )
        if given.file is None:
            _mark_all(system, remote, is_json=given.as_json)
        else:
            with said_of(given.file):
                state = read_state(given.file, given.form, remote.settings, given.listed_as)
                _import(system, remote, state, is_json=given.as_json)


@dataclass(frozen=True, slots=True)
class _Options:
    """What the command is given."""

    name: str
    file: Path | None
    form: Form | None
    listed_as: str | None
    mark_all_seen: bool
    as_json: bool


def _import(system: System, remote: Remote, state: StateFile, *, is_json: bool) -> None:
    now = system.clock.now()
    entered = enter_seen(system.database, remote.id, state.unique_ids(), now, state.form)
    if is_json:
        fields = _fields(remote, entered, state.form)
        more = {"listed_as": sorted(state.wanted), "parts": state.parts, "others": state.others}
        print_json({**fields, **more})
        return
    _tell(entered)
    if state.parts:
        text = ngettext(
            "{count} was fetched in part only, and will be collected.",
            "{count} were fetched in part only, and will be collected.",
            state.parts,
        )
        click.echo(text.format(count=f"{state.parts:,}"))
    for owner, count in state.others.items():
        text = ngettext("{count} of {owner} passed over.", "{count} of {owner} passed over.", count)
        click.echo(text.format(count=f"{count:,}", owner=printable(owner)))


def _mark_all(system: System, remote: Remote, *, is_json: bool) -> None:
    with leased(system.home, remote):
        there = asyncio.run(list_there(source_at(system, remote)))
        now = system.clock.now()
        entered = enter_seen(system.database, remote.id, there.unique_ids, now, "server")
    if is_json:
        print_json({**_fields(remote, entered, "server"), "unnamed": there.unnamed})
        return
    _tell(entered)
    if there.unnamed:
        text = ngettext(
            "{count} has no unique-id of its own, and will be collected.",
            "{count} have no unique-ids of their own, and will be collected.",
            there.unnamed,
        )
        click.echo(text.format(count=f"{there.unnamed:,}"))


def _fields(remote: Remote, entered: Entered, listed_by: str) -> dict[str, object]:
    return {
        "remote": remote.name,
        "listed_by": listed_by,
        "taken": entered.taken,
        "known": entered.known,
    }


def _tell(entered: Entered) -> None:
    text = ngettext(
        "{count} message will not be collected again, {known} known already.",
        "{count} messages will not be collected again, {known} known already.",
        entered.taken,
    )
    click.echo(text.format(count=f"{entered.taken:,}", known=f"{entered.known:,}"))
