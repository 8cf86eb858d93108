"""The rank-sum test of Mann and Whitney: whether two samples come from one distribution."""

from collections.abc import Sequence
from itertools import groupby
from math import erfc, sqrt


def rank_sum_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the two-sided p value, by the normal approximation with correction for ties.

    Good for samples of 20 or more; 1.0 where all values are equal.
    """
    n, m = len(first), len(second)
    tagged = sorted([(value, True) for value in first] + [(value, False) for value in second])
    ranks_of_first, ties, rank = 0.0, 0.0, 1
    for _, group in groupby(tagged, key=lambda pair: pair[0]):
        members = [is_first for _, is_first in group]
        ranks_of_first += sum(members) * (rank + (len(members) - 1) / 2)
        ties += len(members) ** 3 - len(members)
        rank += len(members)
    total = n + m
    u = ranks_of_first - n * (n + 1) / 2
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    return erfc(abs(u - n * m / 2) / sqrt(2 * variance)) if variance else 1.0
