"""What a blob back end can do. A blob is immutable octets, named by their SHA-256, kept once."""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import NewType, Protocol, Self

Digest = NewType("Digest", bytes)  # the 32 octets of a SHA-256

CHUNK_OCTETS = 65_536  # how much of a message is in memory at a time, reading or writing


SHARED_BLOBS = 64  # that become durable together; each has an open file meanwhile


class BlobWriter(Protocol):
    """Takes a message's octets in chunks; leaving the context without `keep` leaves nothing."""

    def write(self, chunk: bytes) -> None:
        """Take the next octets; raises StoreFault where they cannot be written."""
        ...

    def keep(self) -> Digest:
        """Return the name once the blob is durable; raises StoreFault where it may not be."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class BlobReader(Protocol):
    """Reads one blob; what was opened stays readable until it is closed."""

    def read(self, octets: int) -> bytes:
        """Return the next octets, at most so many; nothing at the end. Raises StoreFault."""
        ...

    def close(self) -> None:
        """Give back what reading needed."""
        ...


class Blobs(Protocol):
    """A place for blobs."""

    def writer(self) -> BlobWriter:
        """Return a writer for one new blob."""
        ...

    def keep_all(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Return the names of several blobs once all are durable: together they wait for less.

        They are small, and not more than SHARED_BLOBS. Raises StoreFault where one may not be.
        """
        ...

    def open(self, digest: Digest) -> BlobReader:
        """Return a reader at the first octet; raises StoreFault where the blob is missing."""
        ...

    def remove(self, digest: Digest) -> None:
        """Let a blob go; harmless where it is missing. Raises StoreFault.

        Only inside a write transaction in which no row names it.
        """
        ...

    def names(self, seconds: float) -> Iterator[Digest]:
        """Yield every blob that was kept, or kept once more, so long ago; raises StoreFault."""
        ...
