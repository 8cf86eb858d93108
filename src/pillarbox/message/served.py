"""The served form: what RETR sends, learnt while the octets stream in.

The octets of a message are kept as they came. A POP3 client is served canonical CRLF lines with a
CRLF at the very end; for nearly all mail that is the message itself. Where a bare CR or LF occurs,
the form is a transformation that is recorded by name and applied whenever the message is sent, so
that no client takes LF.LF for an end.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import IncrementalNewlineDecoder

LINE_END = re.compile(rb"\r?\r\n|\r|\n")


class Transformation(StrEnum):
    """How the served form follows from the stored octets; a name in the database, never reused."""

    IDENTITY = "identity"
    CANONICAL = "canonical"


@dataclass(frozen=True, slots=True)
class ServedForm:
    """What RETR, TOP and LIST need to know of one message; octet counts are of the served form."""

    transformation: Transformation
    octets: int
    header_octets: int
    has_dot_lines: bool
    has_8bit_header: bool
    surrogate_octets: int | None = None  # None: the message needs no surrogate
    surrogate_header_octets: int | None = None


class Canonical:
    """Turn chunks of octets into lines that end in CRLF, the last one too.

    LF, CR, CRLF and CR CR LF (what a doubled conversion leaves) each end one line. Nothing becomes
    nothing.
    """

    def __init__(self) -> None:
        self._held = b""  # at most two CRs, whose meaning the next octet decides
        self._at_line_start = True
        self.changed = False

    def feed(self, chunk: bytes) -> bytes:
        """Return the canonical octets that `chunk` makes certain."""
        if not chunk:
            return b""
        whole = self._held + chunk
        self._held = b"\r" * (whole[-1:].count(b"\r") + whole[-2:].count(b"\r\r"))
        return self._emit(whole.removesuffix(self._held))

    def finish(self) -> bytes:
        """Return what is left, and a CRLF where the last line lacked one."""
        rest = self._emit(self._held)
        self._held = b""
        if self._at_line_start:
            return rest
        self.changed = True
        self._at_line_start = True
        return rest + b"\r\n"

    def _emit(self, octets: bytes) -> bytes:
        if not octets:
            return b""
        if not _is_canonical(octets):
            self.changed = True
            octets = LINE_END.sub(b"\r\n", octets)
        self._at_line_start = octets.endswith(b"\n")
        return octets


def _is_canonical(octets: bytes) -> bool:
    """Return whether every CR and LF is one of a CRLF."""
    seen = IncrementalNewlineDecoder(None, translate=False)  # one pass; counting takes three
    seen.decode(octets.decode("latin-1"), final=True)
    return seen.newlines in {None, "\r\n"}


def canonical_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the canonical form of a message that comes in chunks."""
    canonical = Canonical()
    for chunk in chunks:
        yield canonical.feed(chunk)
    yield canonical.finish()


class Survey:
    """Learn a message's served form from its octets, in bounded memory, chunk by chunk."""

    def __init__(self) -> None:
        self._canonical = Canonical()
        self._octets = 0
        self._header_octets: int | None = None
        self._has_dot_lines = False
        self._has_8bit_header = False
        self.is_ascii = True  # then the message is its own surrogate
        self._tail = b"\r\n"  # the message starts at the start of a line

    def feed(self, chunk: bytes) -> None:
        """Take the next octets of the message as they came."""
        self.is_ascii = self.is_ascii and chunk.isascii()
        self._look(self._canonical.feed(chunk))

    def finish(self) -> ServedForm:
        """Return the served form of everything that was fed."""
        self._look(self._canonical.finish())
        header_octets = self._octets if self._header_octets is None else self._header_octets
        changed = self._canonical.changed
        return ServedForm(
            transformation=Transformation.CANONICAL if changed else Transformation.IDENTITY,
            octets=self._octets,
            header_octets=header_octets,
            has_dot_lines=self._has_dot_lines,
            has_8bit_header=self._has_8bit_header,
        )

    def _look(self, octets: bytes) -> None:
        if not self._has_dot_lines:
            self._has_dot_lines = _has_dot_line(self._tail + octets[:3], octets)
        if self._header_octets is None:
            self._look_for_header_end(self._tail + octets)
        self._octets += len(octets)
        self._tail = (self._tail + octets[-3:])[-3:]

    def _look_for_header_end(self, window: bytes) -> None:
        # The window starts len(tail) octets before what is counted in self._octets.
        end = window.find(b"\r\n\r\n")
        header = window if end < 0 else window[:end]
        self._has_8bit_header = self._has_8bit_header or not header.isascii()
        if end >= 0:
            self._header_octets = self._octets + end + 4 - len(self._tail)


def _has_dot_line(seam: bytes, octets: bytes) -> bool:
    # One octet is found much faster than three, and much of mail has no dot.
    return b"\r\n." in seam or (b"." in octets and b"\r\n." in octets)
