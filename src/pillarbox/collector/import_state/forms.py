"""Whose file it is, and whose mail is in it. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pillarbox.base.errors import OperatorFault
from pillarbox.collector.import_state import fetchmail, getmail, mpop, thunderbird
from pillarbox.collector.import_state.entries import BLANKS, Entry, NumberedLine

MOST_OWNERS = 10_000  # accounts in one file; their names are held in memory


class Form(StrEnum):
    """Which program wrote a file; the names of the command line."""

    THUNDERBIRD = "thunderbird"
    FETCHMAIL = "fetchmail"
    GETMAIL = "getmail"
    MPOP = "mpop"


@dataclass(frozen=True, slots=True)
class Format:
    """How one program writes its list.

    `is_ours` is asked of the first line that is neither empty nor a comment. `read` is given the
    lines and the file's name. `fits` is asked whether an owner is a host and a user.
    """

    is_ours: Callable[[bytes], bool]
    read: Callable[[Iterable[NumberedLine], str], Iterator[Entry]]
    fits: Callable[[str, str, str], bool]


# In the order in which a file is tried: what may look like another's comes last.
FORMATS = {
    Form.THUNDERBIRD: Format(thunderbird.is_ours, thunderbird.read, thunderbird.fits),
    Form.GETMAIL: Format(getmail.is_ours, getmail.read, getmail.fits),
    Form.MPOP: Format(mpop.is_ours, mpop.read, mpop.fits),
    Form.FETCHMAIL: Format(fetchmail.is_ours, fetchmail.read, fetchmail.fits),
}


@dataclass(slots=True)
class Count:
    """How many messages of one account are in a file; `parts` are had by their beginning only."""

    whole: int = 0
    parts: int = 0


def recognise(lines: Iterable[NumberedLine]) -> Form:
    """Return whose file has these lines; raises OperatorFault where nothing tells it."""
    for _number, line in lines:
        if not line.strip(BLANKS) or line.startswith(b"#"):
            continue
        for form, its in FORMATS.items():
            if its.is_ours(line):
                return form
        break
    raise OperatorFault(
        "Nothing tells which program wrote this file. Name it with --format, if it is one of"
        " theirs."
    )


def count_owners(entries: Iterable[Entry]) -> dict[str, Count]:
    """Return the accounts of a file, in its order; raises OperatorFault, as reading does."""
    found: dict[str, Count] = {}
    for entry in entries:
        if entry.owner not in found and len(found) == MOST_OWNERS:
            raise OperatorFault("There are more than {count} accounts in it.", count=MOST_OWNERS)
        count = found.setdefault(entry.owner, Count())
        count.whole += entry.is_whole
        count.parts += not entry.is_whole
    return found
