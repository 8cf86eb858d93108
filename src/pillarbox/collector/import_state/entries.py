"""What every list of fetched mail says, whoever wrote it. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pillarbox.base.errors import OperatorFault

# Far beyond any name and any unique-id (70 octets: RFC 1939, section 7).
LINE_OCTETS = 4096
BLANKS = b" \t\r"
WORD = re.compile(rb"[^ \t\r]+")

NumberedLine = tuple[int, bytes]
"""A line's number, from 1, and its octets without the line end."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message that another program knows.

    `owner` is the account in the file's own words. `is_whole` is False where that program has a
    part of the message only.
    """

    owner: str
    unique_id: str
    is_whole: bool = True


def numbered(file: BinaryIO) -> Iterator[NumberedLine]:
    """Yield the lines of a file; raises BadLineFault where one has no end, and OSError."""
    number = 0
    while line := file.readline(LINE_OCTETS):
        number += 1
        if len(line) == LINE_OCTETS:
            raise bad_line(number)
        yield number, line.removesuffix(b"\n")


class BadLineFault(OperatorFault):
    """A line that nobody would have written."""


def bad_line(number: int) -> BadLineFault:
    """Return the fault of a line."""
    return BadLineFault("Line {line} cannot be understood.", line=number)


def unique_id(octets: bytes, number: int) -> str:
    """Return a unique-id as our own listing names it; raises BadLineFault where there is none.

    Some programs take all that stands behind the message's number for it; we take the first word.
    """
    word = WORD.match(octets.strip(BLANKS))
    if word is None:
        raise bad_line(number)
    return word[0].decode("latin-1")


def name(octets: bytes) -> str:
    """Return a name of a server or of a user; octets that are no UTF-8 stay distinct."""
    return octets.decode("utf-8", "surrogateescape")
