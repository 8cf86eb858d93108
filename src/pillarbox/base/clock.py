"""The time as a value that is passed in, so that tests can turn the clock."""

from datetime import UTC, datetime
from typing import Protocol

DAY_SECONDS = 86_400


class Clock(Protocol):
    """Seconds since 1970-01-01 00:00 UTC."""

    def now(self) -> float:
        """Return the time of day in seconds since 1970, UTC."""
        ...


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """Return the time that was last set."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        self._now += seconds


def shown_time(seconds: float) -> str:
    """Return seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
