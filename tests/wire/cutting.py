"""Octets cut into chunks at places that Hypothesis chooses."""

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import strategies as st

PLACES = st.lists(st.integers(min_value=0), max_size=30)


def cut(octets: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut octets at these places, taken modulo their count."""
    ends = [0, *sorted(place % (len(octets) + 1) for place in places), len(octets)]
    return [octets[start:end] for start, end in pairwise(ends)]
