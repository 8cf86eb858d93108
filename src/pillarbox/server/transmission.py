"""A message as RETR and TOP send it: stuffed chunks that are read only as far as they are needed.

Pure: chunks in, chunks out.
"""

from collections.abc import Iterable, Iterator

from pillarbox.message.served import ServedForm
from pillarbox.server.effects import Transmit
from pillarbox.store.blobs.port import BlobReader
from pillarbox.store.served import served_chunks, surrogate_chunks
from pillarbox.wire.dots import DotStuffer


def transmitted(effect: Transmit, reader: BlobReader) -> Iterator[bytes]:
    """Yield what a Transmit sends behind its first line; raises StoreFault while reading."""
    form, lines = effect.message.form, effect.lines
    if effect.as_surrogate:
        chunks, header_octets = surrogate_chunks(reader, form), form.surrogate_header_octets or 0
        return _stuffed(chunks if lines is None else _cut(chunks, header_octets, lines))
    chunks = served_chunks(reader, form)
    if effect.is_bare:
        return chunks
    return whole(chunks, form) if lines is None else top(chunks, form, lines)


def whole(chunks: Iterable[bytes], form: ServedForm) -> Iterator[bytes]:
    """Yield the message and its end; a copy where no line starts with a dot."""
    if form.has_dot_lines:
        yield from _stuffed(chunks)
    else:
        yield from chunks
        yield b".\r\n"  # the served form ends in CRLF


def top(chunks: Iterable[bytes], form: ServedForm, lines: int) -> Iterator[bytes]:
    """Yield the header, the blank line and `lines` of the body, and the end."""
    yield from _stuffed(_cut(chunks, form.header_octets, lines))


def _stuffed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    stuffer = DotStuffer()
    for chunk in chunks:
        yield stuffer.feed(chunk)
    yield stuffer.finish()


def _cut(chunks: Iterable[bytes], header_octets: int, lines: int) -> Iterator[bytes]:
    """Yield the first octets, then as many lines; read no further."""
    rest_of_header, rest_of_lines = header_octets, lines
    for chunk in chunks:
        body = chunk[rest_of_header:]
        rest_of_header -= len(chunk) - len(body)
        end, rest_of_lines = _end_of_lines(body, rest_of_lines)
        yield chunk[: len(chunk) - len(body) + end]
        if rest_of_header == 0 and rest_of_lines == 0:
            return


def _end_of_lines(octets: bytes, lines: int) -> tuple[int, int]:
    """Return where the lines end in `octets`, and how many are still to come."""
    end = 0
    while lines and (found := octets.find(b"\n", end)) >= 0:  # canonical: LF only after CR
        end = found + 1
        lines -= 1
    return (len(octets) if lines else end), lines
