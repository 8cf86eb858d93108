"""Blobs in memory, for tests: the same promises as on the disk, except that they end with us."""

import hashlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from types import TracebackType
from typing import Self

from pillarbox.base.errors import StoreFault
from pillarbox.store.blobs.port import Digest


class MemoryBlobs:
    """Blobs by their names. Threads may share one: each step is a single one of the dict's."""

    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] = {}

    def writer(self) -> "MemoryWriter":
        """Return a writer for one new blob."""
        return MemoryWriter(self._blobs)

    def keep_all(self, blobs: Sequence[bytes]) -> list[Digest]:
        """Return the names of several blobs."""
        digests = []
        for blob in blobs:
            with self.writer() as writer:
                writer.write(blob)
                digests.append(writer.keep())
        return digests

    def open(self, digest: Digest) -> BytesIO:
        """Return a reader; raises StoreFault where the blob is missing."""
        octets = self._blobs.get(digest)
        if octets is None:
            raise StoreFault("Blob {digest} is missing.", digest=digest.hex())
        return BytesIO(octets)

    def remove(self, digest: Digest) -> None:
        """Let a blob go; harmless where it is missing."""
        self._blobs.pop(digest, None)

    def names(self, seconds: float) -> Iterator[Digest]:
        """Yield every blob; how old one is nobody has noted."""
        del seconds
        yield from list(self._blobs)

    def __len__(self) -> int:
        return len(self._blobs)


class MemoryWriter:
    """Gathers one blob; nobody sees it before it is kept."""

    def __init__(self, blobs: dict[Digest, bytes]) -> None:
        self._blobs = blobs
        self._octets = bytearray()

    def write(self, chunk: bytes) -> None:
        """Take the next octets."""
        self._octets += chunk

    def keep(self) -> Digest:
        """Return the name, by which the blob can be opened from now on."""
        octets = bytes(self._octets)
        digest = Digest(hashlib.sha256(octets).digest())
        self._blobs.setdefault(digest, octets)  # an equal blob is kept once
        return digest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._octets.clear()
