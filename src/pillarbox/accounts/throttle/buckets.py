"""Leaky buckets of failures: how full one is, and what somebody may try by that. Pure.

A bucket is one number, the time at which it has drained: that says how full it is at any time, and
a restart forgets nothing. Times are seconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SLACK_SECONDS = 60.0  # what two looks at a clock may lie apart
# By the failures that are in a pair's bucket; whoever waits holds no thread.
DELAYS = (0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
KNOWN_DELAY = 2.0  # the longest for a pair that is known


class Kind(StrEnum):
    """Whose failures a bucket holds; names in the database."""

    ACCOUNT = "account"  # strangers' at one name, whether or not anybody has it
    SOURCE = "source"  # from an IPv4 address or an IPv6 /64, at any name
    WIDE = "wide"  # from an IPv6 /48
    PAIR = "pair"  # a stranger's: from one source at one name
    KNOWN = "known"  # from a source that the name was proved from lately


@dataclass(frozen=True, slots=True)
class Bucket:
    """Holds so many failures; one leaves it every so many seconds."""

    capacity: int
    seconds: float

    def level(self, empty_at: float, now: float) -> float:
        """Return how many failures are in it."""
        left = empty_at - now
        # Fuller than full: the clock was set back since. That keeps nobody out.
        if left <= 0 or left > self.capacity * self.seconds + SLACK_SECONDS:
            return 0.0
        return left / self.seconds

    def takes(self, level: float) -> bool:
        """Say whether one more failure fits."""
        return level + 1 <= self.capacity

    def raised(self, empty_at: float, now: float) -> float:
        """Return when it will be empty with one failure more, which may fill it and no more."""
        level = min(self.level(empty_at, now) + 1, self.capacity)
        return now + level * self.seconds

    def lowered(self, empty_at: float, now: float) -> float:
        """Return when it will be empty with one failure less."""
        level = max(self.level(empty_at, now) - 1, 0.0)
        return now + level * self.seconds


# In any time T at most capacity + T / seconds are tried.
BUCKETS: Mapping[Kind, Bucket] = {
    Kind.ACCOUNT: Bucket(20, 150.0),  # 44 an hour
    Kind.SOURCE: Bucket(12, 10.0),  # 18 a minute
    Kind.WIDE: Bucket(60, 2.0),  # 90 a minute
    Kind.PAIR: Bucket(8, 150.0),  # alone it never fills the account's
    # A mail program with an old password, once a minute, must not shut out the one beside it.
    Kind.KNOWN: Bucket(12, 20.0),  # 15 a minute
}


def delay(levels: Mapping[Kind, float], *, is_known: bool, is_locked: bool) -> float | None:
    """Return how many seconds an attempt is to wait, None where it is not to be tried at all.

    Strangers' failures and their lock are nothing to a pair that is known.
    """
    if is_known:
        known = levels.get(Kind.KNOWN, 0.0)
        return min(_delay(known), KNOWN_DELAY) if BUCKETS[Kind.KNOWN].takes(known) else None
    if is_locked or not all(BUCKETS[kind].takes(level) for kind, level in levels.items()):
        return None
    return _delay(levels.get(Kind.PAIR, 0.0))


def _delay(level: float) -> float:
    return DELAYS[min(int(level), len(DELAYS) - 1)]
