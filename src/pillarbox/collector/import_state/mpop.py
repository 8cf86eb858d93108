"""mpop's list: accounts, each with the number of its messages and a unique-id a line. Pure.

` count host user` begins an account; comments (`#`) stand before the first one only, since a
unique-id may begin with `#` as well.
"""

import re
from collections.abc import Iterable, Iterator

from pillarbox.collector.import_state.entries import (
    BadLineFault,
    Entry,
    NumberedLine,
    bad_line,
    name,
    unique_id,
)

HEAD = re.compile(rb" ([0-9]{1,9}) ([^ ]+) (.+)", re.DOTALL)


def is_ours(line: bytes) -> bool:
    """Return whether the first line that is no comment is one of mpop's."""
    return HEAD.fullmatch(line) is not None


def read(lines: Iterable[NumberedLine], file_name: str) -> Iterator[Entry]:
    """Yield what was fetched; raises BadLineFault, also where an account is cut short."""
    del file_name  # it says nothing
    owner: str | None = None
    number = rest = 0
    for number, line in lines:
        if rest and not line.startswith(b" "):
            yield Entry(owner or "", unique_id(line, number))
            rest -= 1
        elif found := HEAD.fullmatch(line):
            _require_end(rest, number)
            owner, rest = f"{name(found[2])} {name(found[3])}", int(found[1])
        elif owner is not None or (line and not line.startswith(b"#")):
            raise bad_line(number)
    _require_end(rest, number)


def fits(owner: str, host: str, user: str) -> bool:
    """Return whether an account of the file is this one."""
    its_host, _, its_user = owner.partition(" ")
    return (its_host.lower(), its_user) == (host.lower(), user)


def _require_end(rest: int, number: int) -> None:
    if rest:
        raise BadLineFault(
            "Line {line}: {count} unique-ids of the account before it are missing.",
            line=number,
            count=rest,
        )
