"""Which messages are asked for together: small ones, so that a path's round trip is shared. Pure.

What a batch may bring is bounded by what is asked for, whatever sizes the server has listed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

PART_OCTETS = 262_144  # what one command may bring
SMALL_OCTETS = 16_384
TOGETHER = PART_OCTETS // SMALL_OCTETS


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message is; `octets` is what the server says."""

    number: int
    folder: str
    validity: int
    uid: int
    octets: int


def batches(places: Iterable[Place]) -> Iterator[list[Place]]:
    """Yield neighbours of one folder that are small, and each of the others alone."""
    batch: list[Place] = []
    for place in places:
        if batch and not _fits(batch, place):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def neighbours(places: Iterable[Place]) -> Iterator[list[Place]]:
    """Yield neighbours of one folder, however large: for what is bounded by itself."""
    for _folder, some in groupby(places, lambda place: place.folder):
        while batch := list(islice(some, TOGETHER)):
            yield batch


def asked_octets(batch: list[Place]) -> int:
    """Return how much is asked of each message of a batch at first."""
    return PART_OCTETS // len(batch) if len(batch) > 1 else PART_OCTETS


def _fits(batch: list[Place], place: Place) -> bool:
    is_small = place.octets < SMALL_OCTETS and batch[-1].octets < SMALL_OCTETS
    return is_small and len(batch) < TOGETHER and batch[-1].folder == place.folder
