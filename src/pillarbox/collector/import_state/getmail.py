"""getmail's oldmail files: `unique-id NUL time`, one message a line, one file an account. Pure.

The file's name says whose it is: oldmail-SERVER-PORT-USER. getmail writes `-` for the characters
that some file systems refuse, and in unique-ids `-` for `/`, which nobody can turn back.
"""

import re
from collections.abc import Iterable, Iterator

from pillarbox.collector.import_state.entries import (
    BLANKS,
    Entry,
    NumberedLine,
    bad_line,
    unique_id,
)

LINE = re.compile(rb"([^\0]+)\0[0-9]+")
REPLACED = re.compile(r"[/\\:;<>|]+")
PREFIX = "oldmail"


def is_ours(line: bytes) -> bool:
    """Return whether the first line is one of getmail's."""
    return b"\0" in line


def read(lines: Iterable[NumberedLine], file_name: str) -> Iterator[Entry]:
    """Yield what was fetched; raises BadLineFault."""
    for number, line in lines:
        text = line.strip(BLANKS)
        found = LINE.fullmatch(text)
        if found:
            yield Entry(file_name, unique_id(found[1], number))
        elif text:
            raise bad_line(number)


def fits(owner: str, host: str, user: str) -> bool:
    """Return whether a file's name has this server and this user, at any port."""
    start, end = f"{PREFIX}-{_written(host.lower())}-", f"-{_written(user)}"
    its_port = owner[len(start) : -len(end)]
    its_start, its_end = owner[: len(start)].lower(), owner[len(owner) - len(end) :]
    return (its_start, its_end) == (start, end) and its_port.isascii() and its_port.isdigit()


def _written(text: str) -> str:
    return REPLACED.sub("-", text)
