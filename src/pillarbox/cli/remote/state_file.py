"""What another program noted, in its file: whose mail is in it, and which of it is a remote's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pillarbox.accounts.remote_settings import RemoteSettings
from pillarbox.base.errors import OperatorFault
from pillarbox.cli.words import printable, said
from pillarbox.collector.import_state.entries import Entry, numbered
from pillarbox.collector.import_state.forms import FORMATS, Count, Form, count_owners, recognise

NAMED_OWNERS = 20  # of a file that has thousands


@dataclass(frozen=True, slots=True)
class StateFile:
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


def read_state(
    file: Path, form: Form | None, settings: RemoteSettings, listed_as: str | None
) -> StateFile:
    """Return a file that has mail of a remote; `form` None: what it looks like.

    `listed_as` is the remote's name in the file, None where it is the same. Raises OperatorFault,
    and OSError.
    """
    form = form or _recognised(file)
    owners = count_owners(_entries(file, form))
    return StateFile(file, form, _wanted(owners, form, settings, listed_as), owners)


@contextmanager
def said_of(file: Path) -> Iterator[None]:
    """Name the file in whatever is wrong with it."""
    try:
        yield
    except OSError as error:
        raise OperatorFault("{path}: {why}.", path=file, why=error.strerror) from error
    except OperatorFault as fault:
        raise OperatorFault("{path}: {why}", path=file, why=said(fault)) from fault


def _recognised(file: Path) -> Form:
    with file.open("rb") as opened:
        return recognise(numbered(opened))


def _entries(file: Path, form: Form) -> Iterator[Entry]:
    with file.open("rb") as opened:
        yield from FORMATS[form].read(numbered(opened), file.name)


def _wanted(
    owners: Mapping[str, Count], form: Form, its: RemoteSettings, listed_as: str | None
) -> frozenset[str]:
    """Return whose messages are taken; raises OperatorFault where nobody's are."""
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
