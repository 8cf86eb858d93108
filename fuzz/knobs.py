"""How a target reads the fuzzer's octets: a few knobs first, and then what a peer says."""

import re
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import TypeVar

T = TypeVar("T")

MOST_SIZES = 8
MOST_CHUNKS = 24  # then the rest at once: a long input in single octets would only take time
UNIT = 64  # octets that one step of a repetition stands for: the bounds are in the thousands
_REPEATED = re.compile(rb"(.?)\xff(.?)", re.DOTALL)


class Knobs:
    """Octets that are taken from the front; at the end every knob is zero."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def number(self, below: int) -> int:
        """Return a number from 0 on."""
        octet = self._octets[self._at : self._at + 1]
        self._at += 1
        return octet[0] % below if octet else 0

    def choice(self, values: Sequence[T]) -> T:
        """Return one of these; the first one at the end."""
        return values[self.number(len(values))]

    def flag(self) -> bool:
        """Return a truth value."""
        return bool(self.number(2))

    def sizes(self) -> list[int]:
        """Return the sizes of chunks, none for one chunk of everything."""
        return [self.number(256) + 1 for _ in range(self.number(MOST_SIZES))]

    def octets(self) -> bytes:
        """Return what is left, as it is."""
        return self._octets[self._at :]

    def unfolded(self, most: int) -> bytes:
        """Return what is left, with its repetitions carried out, `most` octets of it.

        An octet, 0xFF and n stand for the octet and n times 64 more of it, so that a short input
        reaches past a long limit; 0xFF and 0 is 0xFF itself.
        """
        octets = self.octets()
        return _REPEATED.sub(_unfold, octets)[:most] if b"\xff" in octets else octets[:most]


def _unfold(found: re.Match[bytes]) -> bytes:
    times = found[2][0] if found[2] else 0
    return found[1] + (found[1] * (UNIT * times) if times else b"\xff")


def chunked(octets: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Yield the octets in chunks of these sizes, over and over."""
    start = 0
    for size in islice(cycle(sizes), MOST_CHUNKS):
        if start >= len(octets):
            return
        yield octets[start : start + size]
        start += size
    if start < len(octets):
        yield octets[start:]


def require(claim: object, why: str) -> None:
    """Raise AssertionError where a claim does not hold, under `python -O` too."""
    if not claim:
        raise AssertionError(why)
