"""`pillarbox maildrop undo`: bring back what was removed."""

from collections.abc import Sequence

import click
import msgspec

from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.clock import shown_time
from pillarbox.base.names import SessionId
from pillarbox.cli.options import as_json, print_json, print_table
from pillarbox.cli.words import _
from pillarbox.store.undo import Returned, nothing_to_bring_back


class _Options(msgspec.Struct, frozen=True):
    account: str
    session: SessionId | None
    as_new: bool
    dry_run: bool
    as_json: bool


@click.command(help=_("Bring back what was removed, for as long as the grace time is not over."))
@click.argument("account")
@click.option("--session", metavar="ID", help=_("Only what this session removed."))
@click.option(
    "--as-new", is_flag=True, help=_("With new unique-ids: every device fetches it anew.")
)
@click.option("--dry-run", is_flag=True, help=_("Only say what would come back."))
@as_json
@click.pass_obj
def undo(home: Home, /, **options: object) -> None:
    """Undo removals."""
    given = msgspec.convert(options, _Options)
    returned = _bring_back(home, given)
    if given.as_json:
        print_json([_fields(each) for each in returned])
    else:
        _print(returned)


def _bring_back(home: Home, given: _Options) -> Sequence[Returned]:
    with opened(home) as system:
        account = system.accounts.show(given.account).id
        if not given.dry_run:
            return system.undo.bring_back(account, given.session, as_new=given.as_new)
        found = system.undo.find(account, given.session)
    if not found:
        raise nothing_to_bring_back(given.session)
    return found


def _print(returned: Sequence[Returned]) -> None:
    headings = (_("Unique-id"), _("Octets"), _("Removed"), _("Session"), _("Device"), _("Why"))
    rows = [list(_fields(each).values()) for each in returned]
    print_table(headings, [["-" if cell is None else cell for cell in row] for row in rows])


def _fields(returned: Returned) -> dict[str, object]:
    return {
        "unique_id": returned.unique_id,
        "octets": returned.octets,
        "removed_at": shown_time(returned.removed_at),
        "session": returned.session,
        "device": returned.device,
        "why": returned.why,
    }
