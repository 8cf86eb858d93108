"""Thunderbird's popstate.dat: accounts, each with its messages. Pure.

`*host user` begins an account. Each line behind it has a letter, a unique-id and, in all but very
old files, the time of the download in seconds since 1970. What goes before the first account are
comments (`#`) and empty lines.
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

# k: kept on the server; d: to be deleted there; b: too big, so only the beginning was fetched;
# f: the rest of such a one is to be fetched.
IS_WHOLE = {b"k": True, b"d": True, b"b": False, b"f": False}
MOST_WORDS = 3
ESCAPE = re.compile(r"%([0-7][0-9A-Fa-f])")


def is_ours(line: bytes) -> bool:
    """Return whether the first line that is no comment is one of Thunderbird's."""
    return line.startswith(b"*")


def read(lines: Iterable[NumberedLine], file_name: str) -> Iterator[Entry]:
    """Yield what was fetched; raises BadLineFault."""
    del file_name  # it says nothing
    owner: str | None = None
    for number, line in lines:
        text = line.strip(BLANKS)
        if text.startswith(b"*"):
            owner = _owner(text[1:], number)
        elif text and not (owner is None and text.startswith(b"#")):
            yield _entry(owner, text, number)


def fits(owner: str, host: str, user: str) -> bool:
    """Return whether an account of the file is this one; a user may be written as in a URL."""
    its_host, _, its_user = owner.partition(" ")
    return its_host.lower() == host.lower() and user in {its_user, _unescaped(its_user)}


def _unescaped(text: str) -> str:
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _owner(text: bytes, number: int) -> str:
    host, _, user = text.partition(b" ")
    if not host or not user.strip():
        raise bad_line(number)
    return f"{name(host)} {name(user.strip())}"


def _entry(owner: str | None, text: bytes, number: int) -> Entry:
    words = text.split()
    if owner is None or not 1 < len(words) <= MOST_WORDS or words[0] not in IS_WHOLE:
        raise bad_line(number)
    return Entry(owner, unique_id(words[1], number), IS_WHOLE[words[0]])
