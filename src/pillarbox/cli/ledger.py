"""`pillarbox maildrop ledger`: unique-ids that another server gave, taken over."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault
from pillarbox.base.words import N_
from pillarbox.cli.main import FAILED
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.words import _, ngettext
from pillarbox.store.ledger.entries import Entry
from pillarbox.store.ledger.lists import Form, read_list
from pillarbox.store.ledger.maildir import Present, with_digests
from pillarbox.store.ledger.takeover import Outcome, Wish

COLUMNS = ("unique_id", "sha256", "octets")
MISSING = N_("no such message in the maildrop; deliver it first")
OTHER = N_("the message has another unique-id here")
REFUSED = N_("another message had this unique-id here")
FETCHED = N_("fetched here under another unique-id, which it keeps")

Command = Callable[..., None]


@click.group(help=_("Take over another server's unique-ids, so that nobody downloads mail again."))
def ledger() -> None:
    """Hold the commands below."""


@ledger.command(help=_("Print a maildrop's unique-ids as a TSV that import takes."))
@click.argument("account")
@click.option("--device", metavar="NAME", help=_("Only what this device is shown."))
@as_json
@click.pass_obj
def export(home: Home, account: str, device: str | None, *, as_json: bool) -> None:
    """Export unique-ids."""
    with opened(home) as system:
        found = system.takeover.listed(system.accounts.show(account).id, device)
    rows = [(each.unique_id, each.digest.hex(), each.octets) for each in found]
    if as_json:
        print_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    else:
        for row in [COLUMNS, *rows]:
            click.echo("\t".join(map(str, row)))


def of_source(command: Command) -> Command:
    """Add the argument and the options that say where the unique-ids are."""
    path = click.Path(exists=True, path_type=Path)
    for add in (
        click.option(
            "--remote", metavar="NAME", help=_("No file: take what was collected from this remote.")
        ),
        click.option(
            "--maildir",
            metavar="FOLDER",
            type=path,
            help=_("Where the files are that the list names; without this, beside the list."),
        ),
        click.option(
            "--uidl-format",
            metavar="FORMAT",
            help=_("Dovecot's pop3_uidl_format, where it is not %08Xu%08Xv."),
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice([form.value for form in Form]),
            help=_("Whose list it is; without this, what it looks like."),
        ),
        click.argument("file", required=False, type=path),
        click.argument("account"),
    ):
        command = add(command)
    return command


@dataclass(frozen=True, slots=True)
class _Options:
    """What `import` and `verify` are given."""

    account: str
    file: Path | None
    form: Form | None
    uidl_format: str | None
    maildir: Path | None
    remote: str | None
    as_json: bool
    device: str | None = None  # of verify
    devices: tuple[str, ...] = ()
    replace_fetched: bool = False
    dry_run: bool = False


@ledger.command(name="import", help=_("Give the messages the unique-ids that they had there."))
@of_source
@click.option(
    "--device",
    "devices",
    metavar="NAME",
    multiple=True,
    help=_("Who has these messages; may be said again. Without this, every device."),
)
@click.option(
    "--replace-fetched",
    is_flag=True,
    help=_("Also where a device fetched the message here: that one will download it again."),
)
@click.option("--dry-run", is_flag=True, help=_("Say what would be done, and do nothing."))
@as_json
@click.pass_obj
@click.pass_context
def import_(ctx: click.Context, home: Home, /, **options: object) -> None:
    """Import unique-ids."""
    given = msgspec.convert(options, _Options)
    with opened(home) as system:
        account, takeover = system.accounts.show(given.account).id, system.takeover
        present = _present(system, given)
        act = takeover.plan if given.dry_run else takeover.take_over
        outcome = act(account, present.entries, Wish(given.devices, given.replace_fetched))
    if given.as_json:
        print_json(_fields(outcome, present))
    else:
        template = (
            _("{count} of {all} messages would have the unique-id that they had there.")
            if given.dry_run
            else _("{count} of {all} messages have the unique-id that they had there.")
        )
        done = len(outcome.given) + len(outcome.same)
        click.echo(template.format(count=f"{done:,}", all=f"{outcome.count:,}"))
        _name_each(_causes(outcome))
        _tell_gone(present)
    if outcome.not_given:
        ctx.exit(FAILED)


@ledger.command(help=_("Say how many messages will be downloaded again, and which."))
@of_source
@click.option("--device", metavar="NAME", help=_("By this device alone."))
@as_json
@click.pass_obj
@click.pass_context
def verify(ctx: click.Context, home: Home, /, **options: object) -> None:
    """Compare a list with what a client will be told."""
    given = msgspec.convert(options, _Options)
    with opened(home) as system:
        account, takeover = system.accounts.show(given.account).id, system.takeover
        present = _present(system, given)
        pairs = takeover.compare(account, present.entries, given.device)
    again = [entry for entry, _held in pairs.other]
    if given.as_json:
        fields = {"messages": pairs.count, "again": _ids(again), "missing": _ids(pairs.missing)}
        print_json({**fields, "gone": _ids(present.gone)})
    else:
        text = _("{count} of {all} will be downloaded again.")
        click.echo(text.format(count=f"{len(again):,}", all=f"{pairs.count:,}"))
        _name_each({OTHER: again, MISSING: pairs.missing})
        _tell_gone(present)
    if again or pairs.missing:
        ctx.exit(FAILED)


def _present(system: System, given: _Options) -> Present:
    if (given.file is None) == (given.remote is None):
        raise OperatorFault("Say where the unique-ids are: a FILE, or --remote NAME.")
    if given.file is None:
        return Present(system.takeover.collected(system.remotes.show(str(given.remote)).id))
    entries = read_list(_text(given.file), given.form, given.uidl_format)
    return with_digests(entries, given.maildir or given.file.absolute().parent)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise OperatorFault("{path}: {why}.", path=file, why=error.strerror) from error


def _fields(outcome: Outcome, present: Present) -> Mapping[str, object]:
    return {
        "messages": outcome.count,
        "given": _ids(entry for entry, _held in outcome.given),
        "same": len(outcome.same),
        "missing": _ids(outcome.missing),
        "refused": _ids(outcome.refused),
        "fetched": _ids(entry for entry, _held in outcome.fetched),
        "gone": _ids(present.gone),
    }


def _causes(outcome: Outcome) -> Mapping[str, Sequence[Entry]]:
    return {
        MISSING: outcome.missing,
        REFUSED: outcome.refused,
        FETCHED: [entry for entry, _held in outcome.fetched],
    }


def _ids(entries: Iterable[Entry]) -> Sequence[str]:
    return [entry.unique_id for entry in entries]


def _name_each(causes: Mapping[str, Iterable[Entry]]) -> None:
    for why, entries in causes.items():
        for entry in entries:
            click.echo(f"{entry.unique_id}\t{_(why)}")


def _tell_gone(present: Present) -> None:
    count = len(present.gone)
    if count:
        text = ngettext(
            "{count} in the list has no file in the Maildir any more: it does not count.",
            "{count} in the list have no file in the Maildir any more: they do not count.",
            count,
        )
        click.echo(text.format(count=f"{count:,}"), err=True)
