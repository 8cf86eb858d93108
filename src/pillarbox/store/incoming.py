"""A message on its way in: kept as octets, surveyed as it passes. Used by every back end."""

from types import TracebackType
from typing import Self

from pillarbox.message.served import Survey
from pillarbox.store.blobs.port import BlobWriter
from pillarbox.store.store import Kept


class SurveyedIncoming:
    """Feeds each chunk to the blob and to the survey, once."""

    def __init__(self, blob: BlobWriter) -> None:
        self._blob = blob
        self._survey = Survey()
        self._octets = 0

    def write(self, chunk: bytes) -> None:
        """Take the next octets, as they came; raises StoreFault."""
        self._blob.write(chunk)
        self._survey.feed(chunk)
        self._octets += len(chunk)

    def keep(self) -> Kept:
        """Return once the octets are durable; raises StoreFault."""
        return Kept(self._blob.keep(), self._octets, self._survey.finish())

    def __enter__(self) -> Self:
        self._blob.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._blob.__exit__(kind, error, trace)
