"""Read the served form chunk by chunk: the octets as they came, made canonical where recorded."""

import dataclasses
from collections.abc import Iterator

from pillarbox.base.errors import StoreFault
from pillarbox.message.served import ServedForm, Transformation, canonical_chunks
from pillarbox.message.surrogate.whole import measure
from pillarbox.message.surrogate.whole import surrogate_chunks as as_surrogate
from pillarbox.store.blobs.port import CHUNK_OCTETS, BlobReader


def served_chunks(reader: BlobReader, form: ServedForm) -> Iterator[bytes]:
    """Yield what RETR sends, unstuffed; the reader stays the caller's to close.

    Raises StoreFault while reading; at the latest when the octets turn out to be too few.
    """
    return _exactly(_canonical(reader, form), form.octets)


def surrogate_chunks(reader: BlobReader, form: ServedForm) -> Iterator[bytes]:
    """Yield what RETR sends to a client that is not in UTF8 mode, unstuffed; as served_chunks."""
    if form.surrogate_octets is None:
        return served_chunks(reader, form)
    chunks = as_surrogate(served_chunks(reader, form))
    return _exactly(chunks, form.surrogate_octets)


def with_surrogate(reader: BlobReader, form: ServedForm) -> ServedForm:
    """Return the form with its surrogate measured; raises StoreFault where it cannot be read."""
    measured = measure(served_chunks(reader, form))
    return dataclasses.replace(
        form,
        surrogate_octets=measured.octets if measured else None,
        surrogate_header_octets=measured.header_octets if measured else None,
    )


def is_ascii(reader: BlobReader) -> bool:
    """Say whether all octets are ASCII: then the message is its own surrogate."""
    return all(chunk.isascii() for chunk in _all(reader))


def stored_chunks(reader: BlobReader, octets: int) -> Iterator[bytes]:
    """Yield the octets as they came; raises StoreFault where there are not just so many."""
    return _exactly(_all(reader), octets)


def _canonical(reader: BlobReader, form: ServedForm) -> Iterator[bytes]:
    if form.transformation is Transformation.IDENTITY:
        return _all(reader)
    return canonical_chunks(_all(reader))


def _all(reader: BlobReader) -> Iterator[bytes]:
    while chunk := reader.read(CHUNK_OCTETS):
        yield chunk


def _exactly(chunks: Iterator[bytes], octets: int) -> Iterator[bytes]:
    # A blob never changes: one that is shorter or longer than it was is damaged, and a client that
    # took it for whole might remove the original elsewhere.
    rest = octets
    for chunk in chunks:
        rest -= len(chunk)
        if rest < 0:
            break
        yield chunk
    if rest:
        raise StoreFault("A message in the store is damaged: its octets are not as many as it had.")
