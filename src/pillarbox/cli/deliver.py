"""`pillarbox deliver`: put messages from files into a maildrop."""

from pathlib import Path

import click

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.cli.display import progress_display
from pillarbox.cli.main import FAILED
from pillarbox.cli.words import _, ngettext, printable
from pillarbox.store.files import Delivered, FileDelivery
from pillarbox.store.mail_files import Refused


@click.command(
    help=_("Put messages into an account's maildrop: .eml files, folders, mboxes, Maildirs.")
)
@click.argument("account")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
@click.pass_context
def deliver(ctx: click.Context, home: Home, account: str, paths: tuple[Path, ...]) -> None:
    """Deliver files."""
    with opened(home) as system:
        delivery = FileDelivery(system.store, system.accounts.show(account).id, paths)
        delivered, refused = _run(delivery)
    click.echo(
        ngettext("{count} message delivered.", "{count} messages delivered.", delivered).format(
            count=delivered
        ),
    )
    for each in refused:
        number = "" if each.number is None else f" ({each.number})"
        click.echo(printable(f"{each.path}{number}: {_(each.why)}"), err=True)
    if refused:
        text = ngettext("{count} refused.", "{count} refused.", len(refused))
        click.echo(text.format(count=len(refused)), err=True)
        ctx.exit(FAILED)


def _run(delivery: FileDelivery) -> tuple[int, list[Refused]]:
    delivered, refused = 0, list[Refused]()
    with progress_display() as progress:
        bar = progress.add_task(_("Delivering"), total=delivery.total_octets)
        for result in delivery.run():
            if isinstance(result, Delivered):
                delivered += 1
            else:
                refused.append(result)
            progress.update(bar, completed=delivery.done_octets)
    return delivered, refused
