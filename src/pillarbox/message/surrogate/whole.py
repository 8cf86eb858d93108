"""The surrogate: a message for clients that did not ask for UTF8. RFC 6856, section 2.1.

Headers that are UTF-8 beyond ASCII become ASCII: the message's own, those of its parts, and those
of messages inside it. Bodies stay octet for octet, and so does all that is not understood. The
octets stream through; at most one block of header fields is held.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pillarbox.message.surrogate.content import Content, as_rfc822, content_of
from pillarbox.message.surrogate.fields import in_ascii, name_of

# Raised with every change of what is written here: sizes in the database are of an edition.
EDITION = 2

BLOCK_OCTETS = 131_072  # of fields judged as one; Postfix takes a header of 102,400
# What no mail needs, but an attacker could make us work for; what is beyond stays as it is.
DEPTH = 100  # of multiparts in multiparts; as Dovecot has it, and the next one
BLOCKS = 10_000
REWRITTEN_OCTETS = 131_072  # of blocks beyond ASCII, in all: more than mail has, and soon done
DELIMITER_OCTETS = 1000  # of a line that may be a delimiter, padding included
CONTINUATION = 0x80  # RFC 3629, section 3: the two upper bits of all octets but the first
ENVELOPE_LINES = (b"From ", b">From ")  # left by mbox
CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Measured:
    """What LIST and TOP need to know of a surrogate."""

    octets: int
    header_octets: int


class Surrogate:
    """Turn canonical lines, in any chunks, into the surrogate. Never raises."""

    def __init__(self) -> None:
        # What is held starts with the line end before the next line; the first one is borrowed.
        self._held = CRLF
        self._borrowed = len(CRLF)
        self._out: list[bytes] = []
        self._is_in_header = True
        self._content = Content()
        self._is_continued = False  # a part of the block has been written already
        self._enclosing: list[tuple[bytes, bool]] = []  # boundaries, and whether it is a digest
        self._delimiters: dict[bytes, tuple[int, bool]] = {}
        self._are_parts_messages = False  # where the next block says nothing
        self._is_first_block = True
        self._blocks = 0
        self._rewritten_octets = 0
        self.octets = 0
        self.header_octets = 0
        self.changed = False

    def feed(self, chunk: bytes) -> bytes:
        """Return the octets that `chunk` makes certain."""
        if not self._is_in_header and not self._enclosing:
            self._emit(self._held)  # nothing below is a header any more
            self._held = b""
            self._emit(chunk)
        else:
            self._held += chunk
            while self._read_header() if self._is_in_header else self._read_body():
                pass
        return self._taken()

    def finish(self) -> bytes:
        """Return what is left."""
        rest = self._held[len(CRLF) :]
        if self._is_in_header and rest and self._is_block(rest):
            self._emit(CRLF + self._rewritten(rest))
        else:
            self._emit(self._held)
        self._held = b""
        if self._is_first_block:
            self.header_octets = self.octets
        return self._taken()

    def _read_header(self) -> bool:
        """Take a block of fields where it has come whole; say whether there is more to do."""
        at, window = 0, BLOCK_OCTETS + len(CRLF)
        while (end := self._held.find(CRLF, at + len(CRLF), window)) >= 0:
            line = self._held[at + len(CRLF) : end]
            if not line or self._delimiter(line):
                self._end_block(at)
                return True
            if at == 0 and not self._is_block(line):
                self._is_in_header = False
                return True
            at = end
        if len(self._held) < window:
            return False
        self._cut_block(at)
        return True

    def _is_block(self, line: bytes) -> bool:
        """Say whether a block starts with this line; text that has no header does not."""
        is_start = name_of(line) is not None or line.startswith(ENVELOPE_LINES)
        return is_start or self._is_continued

    def _end_block(self, at: int) -> None:
        block = self._held[len(CRLF) : at + len(CRLF)]
        written = CRLF + self._rewritten(block)
        self._emit(written.removesuffix(CRLF))
        content, self._content, self._is_continued = self._content, Content(), False
        self._is_in_header = False
        if self._held.startswith(CRLF, at + len(CRLF)):
            self._emit(CRLF)
            at += len(CRLF)
            self._enter(content)
        self._held = self._held[at:]
        self._are_parts_messages = False
        self._blocks += 1
        if self._blocks == BLOCKS:
            self._is_in_header = False
            self._enclose([])

    def _enter(self, content: Content) -> None:
        """Go from a header behind its blank line to what it says that stands there."""
        if self._is_first_block:
            self._is_first_block = False
            self.header_octets = self.octets + len(CRLF)
        if content.boundary is not None and len(self._enclosing) < DEPTH:
            self._enclose([*self._enclosing, (b"--" + content.boundary, content.is_digest)])
        else:
            is_default = self._are_parts_messages and not content.is_said
            self._is_in_header = content.is_message or is_default

    def _cut_block(self, at: int) -> None:
        """Take a part of a block that is too long to be held whole, up to a line end at best."""
        if at == 0 and not self._is_block(self._held[len(CRLF) :]):
            self._is_in_header = False
            return
        cut = at
        while cut > 0 and self._held[cut + 2 : cut + 3] in {b" ", b"\t"}:
            cut = self._held.rfind(CRLF, 0, cut)
        cut = cut if cut > 0 else at
        if cut:
            written = CRLF + self._rewritten(self._held[len(CRLF) : cut + len(CRLF)])
            self._emit(written.removesuffix(CRLF))
            self._held = self._held[cut:]
        else:
            self._cut_line()
        self._is_continued = True

    def _cut_line(self) -> None:
        """Take a part of a line, up to the end of a character."""
        cut = BLOCK_OCTETS
        while self._held[cut] & 0xC0 == CONTINUATION and cut > BLOCK_OCTETS - 3:
            cut -= 1
        self._emit(CRLF + self._rewritten(self._held[len(CRLF) : cut]))
        self._held = CRLF + self._held[cut:]
        self._borrowed = len(CRLF)

    def _rewritten(self, block: bytes) -> bytes:
        if not self._content.is_said:
            self._content = content_of(block)
        if not block.isascii():
            self._rewritten_octets += len(block)
        if self._rewritten_octets > REWRITTEN_OCTETS:
            return block
        written = in_ascii(block)
        if self._content.is_message and written.isascii():
            written = as_rfc822(written)
        self.changed = self.changed or written != block
        return written

    def _read_body(self) -> bool:
        """Pass octets up to the next delimiter; say whether there is more to do."""
        start, reach = 0, DELIMITER_OCTETS + 2 * len(CRLF) - 1  # of a line with its two ends
        while self._enclosing and (at := self._held.find(b"\r\n--", start)) >= 0:
            end = self._held.find(CRLF, at + 4, at + reach)
            if end >= 0:
                if self._pass_delimiter(at, end):
                    return True
                start = end
            elif len(self._held) < at + reach:
                self._pass(at)
                return False
            else:
                start = at + 2
        self._pass(max(0, len(self._held) - 3))  # what may be the start of a delimiter is held
        return False

    def _pass_delimiter(self, at: int, end: int) -> bool:
        found = self._delimiter(self._held[at + len(CRLF) : end])
        if found is None:
            return False
        level, is_last = found
        self._are_parts_messages = self._enclosing[level][1]
        self._enclose(self._enclosing[: level if is_last else level + 1])
        self._is_in_header = not is_last
        self._pass(end)
        return True

    def _delimiter(self, line: bytes) -> tuple[int, bool] | None:
        """Return the level whose delimiter a line is, and whether it is its last one."""
        if line.startswith(b"--") and len(line) < DELIMITER_OCTETS:
            return self._delimiters.get(line.rstrip(b" \t"))
        return None

    def _enclose(self, enclosing: list[tuple[bytes, bool]]) -> None:
        self._enclosing = enclosing
        self._delimiters = {}
        for level, (boundary, _) in enumerate(enclosing):  # the innermost of two that are equal
            self._delimiters[boundary] = level, False
            self._delimiters[boundary + b"--"] = level, True

    def _pass(self, octets: int) -> None:
        self._emit(self._held[:octets])
        self._held = self._held[octets:]

    def _emit(self, octets: bytes) -> None:
        mine = octets[self._borrowed :]
        self._borrowed = max(0, self._borrowed - len(octets))
        self._out.append(mine)
        self.octets += len(mine)

    def _taken(self) -> bytes:
        taken = b"".join(self._out)
        self._out.clear()
        return taken


def surrogate_chunks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the surrogate of a message that comes in canonical chunks."""
    surrogate = Surrogate()
    for chunk in chunks:
        if certain := surrogate.feed(chunk):
            yield certain
    yield surrogate.finish()


def measure(chunks: Iterable[bytes]) -> Measured | None:
    """Return what is to be known of the surrogate; None where it is the message itself."""
    surrogate = Surrogate()
    for chunk in chunks:
        surrogate.feed(chunk)
    surrogate.finish()
    return Measured(surrogate.octets, surrogate.header_octets) if surrogate.changed else None
