"""Cut an mbox into its messages, octet for octet.

RFC 4155: a separator line starts with "From " and stands at the very start or behind a blank line.
The blank line before a separator, or at the very end, is the separator's; every other octet is the
message's own. ">From " is left as it is: nothing in the file says whether the writer put the ">"
there or the author, and a wrong guess breaks a signature that the octets as they are do not. Only
behind a separator of ours is that known: see mboxrd.py.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SEPARATOR = re.compile(rb"\n\r?\nFrom ")
LAST_BLANK_LINE = re.compile(rb"\n\r?\n\Z")
HELD_OCTETS = len(b"\n\r\nFrom ") - 1  # what the octets to come may make a separator of
SEPARATOR_OCTETS = 200  # of its line are looked at; ours are shorter


@dataclass(frozen=True, slots=True)
class Start:
    """The next message begins; its octets follow, none where it is empty.

    `separator` is what stands behind "From ", cut where it is long; nothing where there was none.
    """

    separator: bytes = b""


Piece = Start | bytes


def split(chunks: Iterable[bytes]) -> Iterator[Piece]:
    """Yield the messages of an mbox that comes in chunks. Raises nothing of its own."""
    splitter = MboxSplitter()
    for chunk in chunks:
        yield from splitter.feed(chunk)
    yield from splitter.finish()


class MboxSplitter:
    """Take an mbox in chunks, give its messages in pieces; a few octets are held.

    What stands before the first separator is a message too: only separators are thrown away.
    """

    def __init__(self) -> None:
        # A message begins behind line ends that are not its own: here as if behind a blank line.
        self._held = b"\n\n"
        self._borrowed = 2
        self._separator: bytes | None = None  # while we are in one
        self._has_started = False

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Yield what `chunk` makes certain."""
        self._held += chunk
        yield from self._end_separator()
        while self._separator is None and (found := SEPARATOR.search(self._held)):
            yield from self._octets(found.start() + 1)
            self._held = self._held[found.end() - found.start() - 1 :]
            self._separator = b""
            yield from self._end_separator()
        if self._separator is None:
            yield from self._octets(max(0, len(self._held) - HELD_OCTETS))

    def finish(self) -> Iterator[Piece]:
        """Yield what is left."""
        if self._separator is None:
            last = LAST_BLANK_LINE.search(self._held)
            yield from self._octets(last.start() + 1 if last else len(self._held))
        else:
            yield self._start(self._separator)

    def _end_separator(self) -> Iterator[Piece]:
        """Take what there is of a separator line, of any length; yield the start at its end."""
        if self._separator is None:
            return
        end = self._held.find(b"\n")
        line, self._held = (self._held, b"") if end < 0 else (self._held[:end], self._held[end:])
        self._separator = (self._separator + line)[:SEPARATOR_OCTETS]
        if end >= 0:
            yield self._start(self._separator)
            self._separator, self._borrowed = None, 1

    def _octets(self, count: int) -> Iterator[Piece]:
        """Take so many octets from what is held; yield those that are the message's."""
        octets, self._held = self._held[self._borrowed : count], self._held[count:]
        self._borrowed = max(0, self._borrowed - count)
        if octets:
            if not self._has_started:
                yield self._start()
            yield octets

    def _start(self, separator: bytes = b"") -> Start:
        self._has_started = True
        return Start(separator)
