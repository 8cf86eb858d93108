"""`pillarbox maildrop`: what POP3 serves."""

from collections.abc import Sequence

import click

from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.base.names import Identity
from pillarbox.cli.ledger import ledger
from pillarbox.cli.options import as_json, print_json, print_table
from pillarbox.cli.undo import undo
from pillarbox.cli.words import _
from pillarbox.store.store import Message


@click.group(help=_("What POP3 serves."))
def maildrop() -> None:
    """Hold the commands below."""


maildrop.add_command(undo)
maildrop.add_command(ledger)


def _messages(system: System, account: str, device: str | None) -> Sequence[Message]:
    found = system.accounts.show(account)
    if device is None:
        return system.store.view(found.id)
    return system.store.shown(Identity(found.id, system.devices.show(account, device).id))


@maildrop.command(name="list", help=_("List the messages of an account's maildrop, as UIDL does."))
@click.argument("account")
@click.option("--device", metavar="NAME", help=_("Only what this device would be shown now."))
@as_json
@click.pass_obj
def list_(home: Home, account: str, *, device: str | None, as_json: bool) -> None:
    """List a maildrop."""
    with opened(home) as system:
        messages = _messages(system, account, device)
    rows = [
        (number, message.unique_id, message.form.octets)
        for number, message in enumerate(messages, start=1)
    ]
    if as_json:
        names = ("number", "unique_id", "octets")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table((_("Number"), _("Unique-id"), _("Octets")), rows)
