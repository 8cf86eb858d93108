"""A message on its way in: kept as octets, surveyed as it passes. Used by every back end."""

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from pillarbox.message.served import ServedForm, Survey
from pillarbox.store.blobs.port import Blobs, Digest
from pillarbox.store.served import with_surrogate
from pillarbox.store.store import Kept


class SurveyedIncoming:
    """Feeds each chunk to the blob and to the survey, once.

    Only a message that is not all ASCII is read once more, for the size of its surrogate.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._blob = blobs.writer()
        self._survey = Survey()
        self._octets = 0

    def write(self, chunk: bytes) -> None:
        """Take the next octets, as they came; raises StoreFault."""
        self._blob.write(chunk)
        self._survey.feed(chunk)
        self._octets += len(chunk)

    def keep(self) -> Kept:
        """Return once the octets are durable; raises StoreFault."""
        digest = self._blob.keep()
        return Kept(digest, self._octets, _form(self._blobs, digest, self._survey))

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


def keep_all(blobs: Blobs, messages: Sequence[bytes]) -> list[Kept]:
    """Return once several whole messages are durable; raises StoreFault."""
    kept = []
    for message, digest in zip(messages, blobs.keep_all(messages), strict=True):
        survey = Survey()
        survey.feed(message)
        kept.append(Kept(digest, len(message), _form(blobs, digest, survey)))
    return kept


def _form(blobs: Blobs, digest: Digest, survey: Survey) -> ServedForm:
    form = survey.finish()
    if survey.is_ascii:
        return form
    with contextlib.closing(blobs.open(digest)) as reader:
        return with_surrogate(reader, form)
