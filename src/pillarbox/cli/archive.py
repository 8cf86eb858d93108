"""`pillarbox archive`: what was collected and delivered, and taking it out."""

import sys
from pathlib import Path

import click

from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.archive.export import TARGETS, Form
from pillarbox.archive.export import export as write_files
from pillarbox.archive.listing import Archived
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.names import AccountId
from pillarbox.cli.options import as_json, print_json, print_table, progress_display
from pillarbox.cli.words import _, ngettext, said
from pillarbox.message.headers import Headers

of_account = click.option("--account", help=_("Only this account's messages."))


@click.group(help=_("What was collected and delivered."))
def archive() -> None:
    """Hold the commands below."""


@archive.command(name="list", help=_("List messages, newest first."))
@of_account
@as_json
@click.pass_obj
def list_(home: Home, account: str | None, *, as_json: bool) -> None:
    """List the archive."""
    with opened(home) as system:
        found = [_fields(system, each) for each in _messages(system, account)]
    if as_json:
        print_json(found)
    else:
        keys = ("id", "account", "arrived_at", "octets", "from", "subject")
        headings = (_("Id"), _("Account"), _("Arrived"), _("Octets"), _("From"), _("Subject"))
        print_table(headings, [[fields[key] for key in keys] for fields in found])


@archive.command(help=_("Show a message as it is stored."))
@click.argument("message_id", metavar="ID", type=int)
@click.option("--raw", is_flag=True, help=_("Write the octets to stdout."))
@click.pass_obj
def show(home: Home, message_id: int, *, raw: bool) -> None:
    """Show one message."""
    with opened(home) as system:
        message = _message(system, message_id)
        if raw:
            for chunk in system.listing.chunks(message):
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        else:
            print_table((_("Field"), _("Value")), list(_fields(system, message).items()))


@archive.command(help=_("Write messages to files, octet for octet; a second run doubles nothing."))
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Form]),
    required=True,
    help=_("How they lie in the folder."),
)
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), required=True, help=_("The folder.")
)
@of_account
@click.pass_obj
def export(home: Home, form: str, to: Path, account: str | None) -> None:
    """Export messages."""
    with opened(home) as system, progress_display() as progress:
        bar = progress.add_task(_("Writing"), total=None)
        done = write_files(
            system.listing,
            _messages(system, account),
            TARGETS[Form(form)](to),
            system.disk,
            lambda _message: progress.advance(bar),
        )
    text = ngettext("{count} message written", "{count} messages written", done.written)
    click.echo(
        text.format(count=done.written) + _(", {count} there already.").format(count=done.found)
    )


def _messages(system: System, account: str | None) -> "list[Archived]":
    owner: AccountId | None = system.accounts.show(account).id if account else None
    return list(system.listing.messages(owner))


def _message(system: System, message_id: int) -> Archived:
    for message in system.listing.messages():
        if message.id == message_id:
            return message
    raise OperatorFault(
        'There is no message {id} in the archive. "pillarbox archive list" numbers them.',
        id=message_id,
    )


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
        "sha256": message.digest.hex(),
        "octets": message.octets,
        "arrived_at": shown_time(message.arrived_at),
        "subject": headers.subject,
        "from": headers.sender,
        "date": headers.date and shown_time(headers.date.timestamp()),
    }
