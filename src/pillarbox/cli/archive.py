"""`pillarbox archive`: what was collected and delivered, and taking it out."""

import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click

from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.archive.export import TARGETS, Form
from pillarbox.archive.export import export as write_files
from pillarbox.archive.listing import Archived, Wanted
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import StoreFault
from pillarbox.cli.display import progress_display
from pillarbox.cli.options import (
    as_json,
    print_json,
    print_json_each,
    print_table,
    since,
)
from pillarbox.cli.times import read_time
from pillarbox.cli.words import _, ngettext, said
from pillarbox.message.headers import Headers

F = TypeVar("F", bound=Callable[..., Any])

PAGE = 200  # lines of a table; the columns of the next page may have other widths
COLUMNS = (
    *("id", "account", "arrived_at", "octets", "from", "subject"),
    *("remotes", "tags", "set_aside"),
)


def of_which(command: F) -> F:
    """Give a command what messages are chosen by."""
    for option in (
        since(),
        click.option(
            "--remote", metavar="NAME", help=_("Only what was collected from this remote.")
        ),
        click.option("--account", metavar="NAME", help=_("Only this account's messages.")),
    ):
        command = option(command)
    return command


@click.group(help=_("What was collected and delivered."))
def archive() -> None:
    """Hold the commands below."""


@archive.command(name="list", help=_("List messages, newest first."))
@of_which
@click.option("--set-aside", is_flag=True, help=_("Only what a rule keeps out of the maildrop."))
@as_json
@click.pass_obj
def list_(home: Home, /, *, set_aside: bool, as_json: bool, **which: str | None) -> None:
    """List the archive, which may be longer than memory."""
    with opened(home) as system:
        found = _messages(system, which, set_aside=set_aside)
        lines = (_fields(system, message) for message in found)
        if as_json:
            print_json_each(lines)
        else:
            _print(lines)


@archive.command(help=_("Show a message as it is stored."))
@click.argument("message_id", metavar="ID", type=int)
@click.option("--raw", is_flag=True, help=_("Write the octets to stdout."))
@as_json
@click.pass_obj
def show(home: Home, message_id: int, *, raw: bool, as_json: bool) -> None:
    """Show one message."""
    with opened(home) as system:
        message = system.listing.message(message_id)
        if raw:
            for chunk in system.listing.chunks(message):
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            return
        fields = {**_fields(system, message), "sources": _sources(message)}
    if as_json:
        print_json(fields)
    else:
        _show(fields, message)


@archive.command(help=_("Write messages to files, octet for octet; a second run doubles nothing."))
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    required=True,
    help=_("How they lie there."),
)
@click.option(
    "--to",
    metavar="PATH",
    type=click.Path(path_type=Path),
    required=True,
    help=_("The folder; with mbox the file."),
)
@of_which
@click.pass_obj
def export(home: Home, /, form: str, to: Path, **which: str | None) -> None:
    """Export messages."""
    with opened(home) as system, progress_display() as progress:
        bar = progress.add_task(_("Writing"), total=None)
        done = write_files(
            system.listing,
            _messages(system, which, oldest_first=True),
            TARGETS[Form(form)](to),
            system.disk,
            lambda _message: progress.advance(bar),
        )
    text = ngettext("{count} message written", "{count} messages written", done.written)
    click.echo(
        text.format(count=done.written) + _(", {count} there already.").format(count=done.found)
    )


def _messages(system: System, which: Mapping[str, str | None], **more: bool) -> Iterator[Archived]:
    """Return messages as they are read; raises OperatorFault for a name that nobody has."""
    account, remote, when = which["account"], which["remote"], which["since"]
    wanted = Wanted(
        remote=None if remote is None else system.remotes.show(remote).id,
        since=0 if when is None else read_time(when, system.clock.now()),
        **more,
    )
    owner = None if account is None else system.accounts.show(account).id
    return system.listing.messages(owner, wanted)


def _print(lines: Iterator[dict[str, object]]) -> None:
    headings = (
        *(_("Id"), _("Account"), _("Arrived"), _("Octets"), _("From"), _("Subject")),
        *(_("Remotes"), _("Tags"), _("Set aside")),
    )
    while page := list(islice(lines, PAGE)):
        print_table(headings, [[_cell(fields[key]) for key in COLUMNS] for fields in page])


def _show(fields: Mapping[str, object], message: Archived) -> None:
    sources = [
        _("{remote} as {unique_id}, {time}").format(
            remote=source.remote,
            unique_id=source.unique_id,
            time=shown_time(source.collected_at),
        )
        for source in message.sources
    ]
    rows = [(name, _cell(value)) for name, value in fields.items() if name != "sources"]
    print_table((_("Field"), _("Value")), [*rows, *(("collected", each) for each in sources)])
    if len(message.remotes) > 1:
        text = _("It came through {count} remotes, and is stored once.")
        click.echo(text.format(count=len(message.remotes)), err=True)


def _cell(value: object) -> object:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else value


def _headers(system: System, message: Archived) -> Headers:
    try:
        return system.listing.headers(message)
    except StoreFault as fault:
        # One message that is lost must not hide the others.
        return Headers(subject=said(fault), sender="", date=None)


def _fields(system: System, message: Archived) -> dict[str, object]:
    headers = _headers(system, message)
    return {
        "id": message.id,
        "account": message.account,
        "unique_id": message.unique_id,
        "state": message.state,
        "set_aside": message.set_aside,
        "tags": list(message.tags),
        "remotes": list(message.remotes),
        "sha256": message.digest.hex(),
        "octets": message.octets,
        "arrived_at": shown_time(message.arrived_at),
        "subject": headers.subject,
        "from": headers.sender,
        "date": headers.date and shown_time(headers.date.timestamp()),
    }


def _sources(message: Archived) -> list[dict[str, object]]:
    return [
        {
            "remote": source.remote,
            "unique_id": source.unique_id,
            "collected_at": shown_time(source.collected_at),
        }
        for source in message.sources
    ]
