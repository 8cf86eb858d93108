"""How much may be fetched: in one message, in one session, in one day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pillarbox.base.clock import DAY_SECONDS


class Limit(StrEnum):
    """Which limit holds a message back; the names of the configuration."""

    OCTETS_PER_MESSAGE = "octets_per_message"
    MESSAGES_PER_SESSION = "messages_per_session"
    OCTETS_PER_SESSION = "octets_per_session"
    MESSAGES_PER_DAY = "messages_per_day"
    OCTETS_PER_DAY = "octets_per_day"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most there may be, for one remote; None: without end. A day is one of UTC."""

    octets_per_message: int | None = None
    messages_per_session: int | None = None
    octets_per_session: int | None = None
    messages_per_day: int | None = None
    octets_per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was fetched already."""

    messages: int = 0
    octets: int = 0

    def plus(self, octets: int) -> "Counts":
        """Return the counts with one message more."""
        return Counts(self.messages + 1, self.octets + octets)


def day_of(now: float) -> int:
    """Return the day that limits count by, since 1970 and in UTC."""
    return int(now // DAY_SECONDS)


def held_back(
    octets: Iterable[int], limits: Limits, session: Counts, day: Counts
) -> list[Limit | None]:
    """Return which limit holds back each of the messages, oldest first; None: it may be fetched.

    `session` and `day` are what was fetched before, in this session and on this day. Behind one
    that has to wait for the next session all wait, so that it comes first then. The first of a
    session or of a day may be larger than all its octets: else it would wait for ever.
    """
    allowance = Allowance(limits, session, day)
    return [allowance.take(size) for size in octets]


class Allowance:
    """What may be fetched still."""

    def __init__(self, limits: Limits, session: Counts, day: Counts) -> None:
        self._limits = limits
        self._session = session
        self._day = day
        self._reached: Limit | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be fetched."""
        return self._reached is not None

    def is_too_large(self, octets: int) -> bool:
        """Return whether a message is too large alone."""
        return _is_beyond(octets, self._limits.octets_per_message)

    def take(self, octets: int) -> Limit | None:
        """Return which limit holds back the next message; None: it may be fetched."""
        if self.is_too_large(octets):
            return Limit.OCTETS_PER_MESSAGE
        if self._reached is None:
            self._reached = _reached(self._limits, self._session, self._day, octets)
            self._session, self._day = self._session.plus(octets), self._day.plus(octets)
        return self._reached


def _reached(limits: Limits, session: Counts, day: Counts, size: int) -> Limit | None:
    if _is_beyond(session.messages + 1, limits.messages_per_session):
        return Limit.MESSAGES_PER_SESSION
    if _is_beyond(day.messages + 1, limits.messages_per_day):
        return Limit.MESSAGES_PER_DAY
    if session.messages and _is_beyond(session.octets + size, limits.octets_per_session):
        return Limit.OCTETS_PER_SESSION
    if day.messages and _is_beyond(day.octets + size, limits.octets_per_day):
        return Limit.OCTETS_PER_DAY
    return None


def _is_beyond(amount: int, most: int | None) -> bool:
    return most is not None and amount > most
