"""Steps of a plan, in little memory: there may be 262,144 of them. Pure."""

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

from pillarbox.client.listing import Listing
from pillarbox.collector.plan import Fetch, Skip, Step

S = TypeVar("S", bound=Step)
PORTION = 10_000  # messages at a time: some megabytes of what a session knows of each


class Steps(Generic[S]):
    """Steps in the order in which they come; what many say alike is there once.

    `octets` are those of their messages, as they are listed.
    """

    def __init__(self, listing: Listing, steps: Iterable[S] = ()) -> None:
        self._listing = listing
        self._places = array("I")  # in the listing
        self._kinds = array("I")
        self._known: dict[_Kind, int] = {}
        self._last: tuple[_Kind, int] = ((), -1)
        self.octets = 0
        for step in steps:
            self.add(step)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[S]:
        kinds = list(self._known)
        for place, kind in zip(self._places, self._kinds, strict=True):
            step, *said = kinds[kind]
            yield step(self._listing[place], *said)

    def add(self, step: S) -> None:
        """Take the next step; its message is listed."""
        self._places.append(self._listing.place_of(step.listed.number))
        self._kinds.append(self._numbered(_kind(step)))
        self.octets += step.listed.octets

    def _numbered(self, kind: "_Kind") -> int:
        if kind != self._last[0]:  # that is quicker than to look it up
            self._last = kind, self._known.setdefault(kind, len(self._known))
        return self._last[1]

    def portions(self, many: int) -> Iterator[list[S]]:
        """Yield the steps, so many at a time."""
        return portions(self, many)


_Kind = tuple[Any, ...]  # what makes a step, but for its message


def _kind(step: Step) -> _Kind:
    match step:
        case Fetch():
            return Fetch, step.reason, step.decision
        case Skip():
            return Skip, step.reason, step.detail
    return type(step), step.reason


T = TypeVar("T")


def portions(values: Iterable[T], many: int) -> Iterator[list[T]]:
    """Yield the values, so many at a time."""
    left = iter(values)
    while some := list(islice(left, many)):
        yield some
