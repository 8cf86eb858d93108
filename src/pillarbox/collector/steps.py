"""Steps of a plan, in little memory: there may be 262,144 of them. Pure."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Generic, TypeVar

from pillarbox.client.listing import Listed, Listing
from pillarbox.collector.plan import Step

S = TypeVar("S", bound=Step)
PORTION = 10_000  # messages at a time: some megabytes of what a session knows of each
NOTHING = Listed(0, 0, None)


class Steps(Generic[S]):
    """Steps in the order in which they come; what many say alike is there once.

    `octets` are those of their messages, as they are listed.
    """

    def __init__(self, listing: Listing, steps: Iterable[S] = ()) -> None:
        self._listing = listing
        self._places = array("I")  # in the listing
        self._kinds = array("I")
        self._known: dict[S, int] = {}  # of what kind a step is, but for its message
        self.octets = 0
        for step in steps:
            self.add(step)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[S]:
        kinds = list(self._known)
        for place, kind in zip(self._places, self._kinds, strict=True):
            yield replace(kinds[kind], listed=self._listing[place])

    def add(self, step: S) -> None:
        """Take the next step; its message is listed."""
        self._places.append(self._listing.place_of(step.listed.number))
        kind = replace(step, listed=NOTHING)
        self._kinds.append(self._known.setdefault(kind, len(self._known)))
        self.octets += step.listed.octets

    def portions(self, many: int = PORTION) -> Iterator[list[S]]:
        """Yield the steps, so many at a time."""
        return portions(self, many)


T = TypeVar("T")


def portions(values: Iterable[T], many: int) -> Iterator[list[T]]:
    """Yield the values, so many at a time."""
    left = iter(values)
    while some := list(islice(left, many)):
        yield some
