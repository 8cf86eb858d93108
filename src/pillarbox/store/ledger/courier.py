"""Courier's `courierpop3dsizelist` in a Maildir, versions 2 and 3. Pure.

A record is `FILE OCTETS NUMBER:VALIDITY`, in version 3 with one more `:0` or `:1` for UTF-8.
"""

import re
from collections.abc import Iterable, Iterator

from pillarbox.store.ledger.entries import Entry, base_name, not_understood

FIRST_LINE = re.compile(r"/[23] \d+(?: \d+)?")
RECORD = re.compile(r"(?P<file>.+) \d+ (?P<number>\d+):(?P<validity>\d+)(?::\d+)?")
ESCAPED = re.compile(r"[^!-~]|['\"+]")


def is_ours(first_line: str) -> bool:
    """Say whether a file that starts so is such a list."""
    return FIRST_LINE.fullmatch(first_line) is not None


def read(lines: Iterable[str]) -> Iterator[Entry]:
    """Yield an entry for each record, in their order; raises OperatorFault."""
    numbered = enumerate(lines, start=1)
    if not is_ours(next(numbered, (1, ""))[1]):
        raise not_understood(1)
    for number, line in numbered:
        if line:
            found = RECORD.fullmatch(line)
            if found is None:
                raise not_understood(number)
            file = base_name(found["file"])
            yield Entry(_unique_id(found, file), number, file=file)


def _unique_id(found: re.Match[str], file: str) -> str:
    number, validity = int(found["number"]), int(found["validity"])
    if not number:  # of Courier's first versions: the file's name
        return ESCAPED.sub(_escape, file)
    return f"UID{number}-{validity}" if validity else f"UID{number}"


def _escape(found: re.Match[str]) -> str:
    return "".join(f"+{octet:02X}" for octet in found[0].encode("utf-8", "surrogateescape"))
