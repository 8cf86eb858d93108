"""fetchmail's .fetchids: `user@host unique-id`, one message a line, all accounts in one file. Pure.

A user may hold a space or an `@`, a unique-id an `@` as well. So the host ends at the first space
behind the first `@`, and begins behind the last `@` before it: as fetchmail itself reads it.
"""

import re
from collections.abc import Iterable, Iterator

from pillarbox.collector.import_state.entries import (
    BLANKS,
    Entry,
    NumberedLine,
    bad_line,
    name,
    unique_id,
)

LINE = re.compile(rb"([^@]+@[^ \t]+)[ \t]+(.+)", re.DOTALL)


def is_ours(line: bytes) -> bool:
    """Return whether the first line is one of fetchmail's."""
    return LINE.fullmatch(line.strip(BLANKS)) is not None


def read(lines: Iterable[NumberedLine], file_name: str) -> Iterator[Entry]:
    """Yield what was fetched; raises BadLineFault."""
    del file_name  # it says nothing
    for number, line in lines:
        text = line.strip(BLANKS)
        found = LINE.fullmatch(text)
        if found:
            yield Entry(name(found[1]), unique_id(found[2], number))
        elif text:
            raise bad_line(number)


def fits(owner: str, host: str, user: str) -> bool:
    """Return whether an account of the file is this one; fetchmail minds no case."""
    its_user, _, its_host = owner.rpartition("@")
    return (its_host.lower(), its_user.lower()) == (host.lower(), user.lower())
