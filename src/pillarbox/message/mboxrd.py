"""An mbox from which each message comes back octet for octet: mboxrd, with separators of our own.

A separator is `From NAME.OCTETS@pillarbox.invalid DATE` and a LF; a blank line, LF alone, stands
behind each message. The message's octets stay as they are, CRLF included, but for two things:
each line that begins with any number of `>` and then `From ` gets one `>` more, and a message
whose last octet is no LF is followed by one. OCTETS, the message's length, tells that one apart.
RFC 2606, section 2: no host is ever called pillarbox.invalid.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pillarbox.message.mbox import Piece, Start

HOST = b"pillarbox.invalid"
SEPARATOR = re.compile(rb"([a-z0-9-]{1,64})\.([0-9]{1,18})@pillarbox\.invalid(?: .*)?", re.DOTALL)

TO_QUOTE = re.compile(rb"(\n>*)(?=From )"), rb"\1>"
QUOTED = re.compile(rb"(\n>*)>(?=From )"), rb"\1"
CHANGED = 1 << 62  # octets to come: the file was changed, so the length says nothing any more
# What the octets to come may make such a line of.
TAIL = re.compile(rb"\n(>*)(?:F|Fr|Fro|From)?\Z")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a separator of ours says: the message's name and its length in octets."""

    name: str
    octets: int


def read_mark(separator: bytes) -> Mark | None:
    """Return what stands behind "From " in a separator of ours, None in those of others."""
    found = SEPARATOR.fullmatch(separator)
    return found and Mark(found[1].decode("ascii"), int(found[2]))


def written(mark: Mark, date: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one message as it stands in the file; `date` as asctime(3) has it, in ASCII."""
    yield b"From %s.%d@%s %s\n" % (mark.name.encode(), mark.octets, HOST, date.encode("ascii"))
    last = b"\n"  # the separator's: an empty message needs no other
    for chunk in _rewritten(chunks, *TO_QUOTE):
        yield chunk
        last = chunk[-1:]
    yield b"\n" if last == b"\n" else b"\n\n"


def restored(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the messages of an mbox, those behind our separators with their own octets."""
    message: _Message | None = None
    for piece in pieces:
        if isinstance(piece, Start):
            yield from message.finish() if message else ()
            mark = read_mark(piece.separator)
            message = _Message(mark.octets) if mark else None
            yield piece
        else:
            yield from message.feed(piece) if message else (piece,)
    yield from message.finish() if message else ()


class _Message:
    """One message on its way back; of what is beyond its length, one LF is not its own."""

    def __init__(self, octets: int) -> None:
        self._rest = octets
        self._beyond = b""
        self._unquoted = _Rewriter(*QUOTED)

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """Yield what is certain."""
        return self._counted(self._unquoted.feed(octets))

    def finish(self) -> Iterator[bytes]:
        """Yield what is left. Somebody may have changed the file: nothing but that LF is lost."""
        yield from self._counted(self._unquoted.finish())
        if self._beyond != b"\n":
            yield from filter(None, [self._beyond])

    def _counted(self, octets: bytes) -> Iterator[bytes]:
        own, beyond = octets[: self._rest], self._beyond + octets[self._rest :]
        self._rest -= len(own)
        if len(beyond) > 1:
            own, beyond = own + beyond, b""
            self._rest = CHANGED
        self._beyond = beyond
        if own:
            yield own


def _rewritten(
    chunks: Iterable[bytes], pattern: re.Pattern[bytes], replacement: bytes
) -> Iterator[bytes]:
    rewriter = _Rewriter(pattern, replacement)
    for chunk in chunks:
        yield from filter(None, [rewriter.feed(chunk)])
    yield from filter(None, [rewriter.finish()])


class _Rewriter:
    """Takes octets in chunks, gives them with the beginnings of lines replaced; holds a few."""

    def __init__(self, pattern: re.Pattern[bytes], replacement: bytes) -> None:
        self._pattern = pattern
        self._replacement = replacement
        # A message begins as a line does: behind a LF, which is not its own.
        self._held = b"\n"
        self._borrowed = 1

    def feed(self, chunk: bytes) -> bytes:
        """Return what is certain."""
        text = self._held + chunk
        tail = TAIL.search(text)
        if tail is None:
            return self._take(text, len(text), b"")
        if len(tail[1]) <= 1:
            return self._take(text, tail.start(), text[tail.start() :])
        # However many `>` there are, the last one is enough to be held.
        done = self._take(text, tail.end(1) - 1, b"\n" + text[tail.end(1) - 1 :])
        self._borrowed = 1
        return done

    def finish(self) -> bytes:
        """Return what is left."""
        return self._held[self._borrowed :]

    def _take(self, text: bytes, count: int, held: bytes) -> bytes:
        done = self._pattern.sub(self._replacement, text[:count])[self._borrowed :]
        self._borrowed = self._borrowed if count == 0 else 0
        self._held = held
        return done
