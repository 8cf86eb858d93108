"""`pillarbox remote import-state`: what another program fetched is not collected again."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from pillarbox.accounts.remotes import Protocol, Remote, Tls
from pillarbox.app.build import System, opened
from pillarbox.app.home import Home
from pillarbox.app.remote_secrets import password_of
from pillarbox.archive.seen import Entered, enter_seen
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.options import as_json, print_json
from pillarbox.cli.words import _, ngettext, printable, said
from pillarbox.collector.collect import take_remote
from pillarbox.collector.import_state.entries import Entry, numbered
from pillarbox.collector.import_state.forms import FORMATS, Count, Form, count_owners, recognise
from pillarbox.collector.mark_seen import list_there
from pillarbox.collector.source import Source, source_of

NAMED_OWNERS = 20  # of a file that has thousands


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
        raise OperatorFault("Say what was fetched: a FILE, or --mark-all-seen.")
    with opened(home) as system:
        remote = system.remotes.show(given.name)
        if given.file and remote.settings.protocol is Protocol.IMAP:
            raise OperatorFault(
                "These files name messages as POP3 does. Over IMAP, --mark-all-seen is of use."
            )
        if given.file is None:
            _mark_all(system, remote, is_json=given.as_json)
        else:
            with _said_of(given.file):
                _import(system, remote, _look(given.file, remote, given), is_json=given.as_json)


@dataclass(frozen=True, slots=True)
class _Options:
    """What the command is given."""

    name: str
    file: Path | None
    form: Form | None
    listed_as: str | None
    mark_all_seen: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class _State:
    """A file that was read to its end once."""

    file: Path
    form: Form
    wanted: frozenset[str]  # the accounts in it that are the remote's
    owners: Mapping[str, Count]

    def unique_ids(self) -> Iterator[str]:
        """Yield what is taken; the file is read once more."""
        for entry in _entries(self.file, self.form):
            if entry.is_whole and entry.owner in self.wanted:
                yield entry.unique_id

    @property
    def parts(self) -> int:
        """How many messages of the remote were fetched in part only."""
        return sum(self.owners[owner].parts for owner in self.wanted)

    @property
    def others(self) -> dict[str, int]:
        """How many messages of others are in the file."""
        return {
            owner: count.whole + count.parts
            for owner, count in self.owners.items()
            if owner not in self.wanted
        }


def _look(file: Path, remote: Remote, given: _Options) -> _State:
    form = given.form
    if form is None:
        with file.open("rb") as opened_file:
            form = recognise(numbered(opened_file))
    owners = count_owners(_entries(file, form))
    return _State(file, form, _wanted(owners, form, remote, given.listed_as), owners)


def _entries(file: Path, form: Form) -> Iterator[Entry]:
    with file.open("rb") as opened_file:
        yield from FORMATS[form].read(numbered(opened_file), file.name)


def _wanted(
    owners: Mapping[str, Count], form: Form, remote: Remote, listed_as: str | None
) -> frozenset[str]:
    """Return whose messages are taken; raises OperatorFault where nobody's are."""
    its = remote.settings
    if listed_as is None:
        found = {owner for owner in owners if FORMATS[form].fits(owner, its.host, its.user)}
    else:
        found = {owner for owner in owners if printable(owner) == listed_as}
    if found:
        return frozenset(found)
    # A unique-id of another server may by chance be one of this server's: it would hide a message.
    raise OperatorFault(
        "Nothing in it is of {user} at {host}. It has: {owners}. Where one of these is the same"
        " mail, name it with --listed-as.",
        user=its.user,
        host=its.host,
        owners=", ".join(list(owners)[:NAMED_OWNERS]) or "-",
    )


def _import(system: System, remote: Remote, state: _State, *, is_json: bool) -> None:
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
    with _leased(system, remote):
        there = asyncio.run(list_there(_source(system, remote)))
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


def _source(system: System, remote: Remote) -> Source:
    allowed = remote.settings.tls is Tls.NONE
    return source_of(remote, password_of(system, remote), allow_password_without_tls=allowed)


@contextmanager
def _leased(system: System, remote: Remote) -> Iterator[None]:
    lease = take_remote(system.home.remote_leases, remote.id)
    if lease is None:
        raise OperatorFault(
            "The remote {name!r} is being collected from. Try again when that has ended.",
            name=remote.name,
        )
    try:
        yield
    finally:
        lease.release()


@contextmanager
def _said_of(file: Path) -> Iterator[None]:
    """Name the file in whatever is wrong with it."""
    try:
        yield
    except OSError as error:
        raise OperatorFault("{path}: {why}.", path=file, why=error.strerror) from error
    except OperatorFault as fault:
        raise OperatorFault("{path}: {why}", path=file, why=said(fault)) from fault


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
