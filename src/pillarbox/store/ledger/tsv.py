"""A list of our own, or of any server: columns between tabs, named by the first line.

`unique_id`, and at least one of `sha256`, `file` and `message_id`; other columns say nothing to
us. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from pillarbox.base.errors import OperatorFault
from pillarbox.store.blobs.port import Digest
from pillarbox.store.ledger.entries import Entry, base_name, not_understood

KNOWN_BY = ("sha256", "file", "message_id")
HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{64}")


def read(lines: Iterable[str]) -> Iterator[Entry]:
    """Yield an entry for each line, in their order; raises OperatorFault."""
    numbered = enumerate(lines, start=1)
    columns = next(numbered, (1, ""))[1].split("\t")
    if "unique_id" not in columns or not set(KNOWN_BY) & set(columns):
        raise OperatorFault(
            "The first line names the columns: unique_id, and at least one of sha256, file and"
            " message_id, with tabs between them."
        )
    for number, line in numbered:
        if line:
            cells = line.split("\t")
            if len(cells) != len(columns):
                raise not_understood(number)
            yield _entry(number, dict(zip(columns, cells, strict=True)))


def _entry(number: int, cells: Mapping[str, str]) -> Entry:
    digest, file, message_id = (cells.get(name) for name in KNOWN_BY)
    if digest and not HEXADECIMAL.fullmatch(digest):
        raise not_understood(number)
    if not (digest or file or message_id):
        raise not_understood(number)
    return Entry(
        cells["unique_id"],
        number,
        digest=Digest(bytes.fromhex(digest)) if digest else None,
        file=base_name(file) if file else None,
        message_id=message_id or None,
    )
