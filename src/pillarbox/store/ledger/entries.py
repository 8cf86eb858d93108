"""One line of another server's list: a unique-id, and by what its message is known.

Pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pillarbox.base.errors import OperatorFault
from pillarbox.store.blobs.port import Digest

UNIQUE_ID = re.compile(r"[!-~]{1,70}")  # RFC 1939, section 7
FLAGS = re.compile(r"[:;!]2,")  # what separates a Maildir file's name from its flags


@dataclass(frozen=True, slots=True)
class Entry:
    """A unique-id, and what its message is known by: at least one of the three."""

    unique_id: str
    line: int = 0  # of the list, from 1; 0: it stands in no list
    digest: Digest | None = None  # of the octets as we store them
    file: str | None = None  # the base name in a Maildir, without flags
    message_id: str | None = None  # with its angle brackets


def checked(entries: Iterable[Entry]) -> Sequence[Entry]:
    """Return the entries; raises OperatorFault where an id breaks RFC 1939 or stands twice."""
    lines = dict[str, int]()
    found = list(entries)
    for entry in found:
        if not UNIQUE_ID.fullmatch(entry.unique_id):
            raise OperatorFault(
                "Line {line}: this is no unique-id: it has 1 to 70 octets from ! to ~.",
                line=entry.line,
            )
        if entry.unique_id in lines:
            raise OperatorFault(
                "Line {line}: the unique-id stands in line {first} already.",
                line=entry.line,
                first=lines[entry.unique_id],
            )
        lines[entry.unique_id] = entry.line
    return found


def base_name(file: str) -> str:
    """Return the name of a Maildir's file without the flags, which change."""
    return FLAGS.split(file.rpartition("/")[2], maxsplit=1)[0].rstrip(":")


def not_understood(line: int) -> OperatorFault:
    """Return the fault of a line that is not as its format says."""
    return OperatorFault("Line {line} is not as this kind of list has it.", line=line)
