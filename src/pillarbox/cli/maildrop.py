"""`pillarbox maildrop`: what POP3 serves."""

import click

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.cli.ledger import ledger
from pillarbox.cli.options import as_json, print_json, print_table
from pillarbox.cli.undo import undo
from pillarbox.cli.words import _


@click.group(help=_("What POP3 serves."))
def maildrop() -> None:
    """Hold the commands below."""


maildrop.add_command(undo)


maildrop.add_command(ledger)


@maildrop.command(name="list", help=_("List the messages of an account's maildrop, as UIDL does."))
@click.argument("account")
@as_json
@click.pass_obj
def list_(home: Home, account: str, *, as_json: bool) -> None:
    """List a maildrop."""
    with opened(home) as system:
        messages = system.store.view(system.accounts.show(account).id)
    rows = [
        (number, message.unique_id, message.form.octets)
        for number, message in enumerate(messages, start=1)
    ]
    if as_json:
        names = ("number", "unique_id", "octets")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table((_("Number"), _("Unique-id"), _("Octets")), rows)
