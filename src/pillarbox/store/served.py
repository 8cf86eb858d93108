"""Read the served form chunk by chunk: the octets as they came, made canonical where recorded."""

from collections.abc import Iterator

from pillarbox.message.served import ServedForm, Transformation, canonical_chunks
from pillarbox.store.blobs.port import CHUNK_OCTETS, BlobReader


def served_chunks(reader: BlobReader, form: ServedForm) -> Iterator[bytes]:
    """Yield what RETR sends, unstuffed; the reader stays the caller's to close.

    Raises StoreFault while reading.
    """
    octets = stored_chunks(reader)
    return octets if form.transformation is Transformation.IDENTITY else canonical_chunks(octets)


def stored_chunks(reader: BlobReader) -> Iterator[bytes]:
    """Yield the octets as they came; raises StoreFault."""
    while chunk := reader.read(CHUNK_OCTETS):
        yield chunk
