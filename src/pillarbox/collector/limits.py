"""How much may be fetched: in one message, in one session, in one day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

DAY_SECONDS = 86_400


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


def day_of(now: float) -> int:
    """Return the day that limits count by, since 1970 and in UTC."""
    return int(now // DAY_SECONDS)


def held_back(
    octets: Iterable[int], limits: Limits, session: Counts, day: Counts
) -> list[Limit | None]:
    """Return which limit holds back each of the messages, oldest first; None: it may be fetched.

    `session` and `day` are what was fetched before, in this session and on this day.
    """
    raise NotImplementedError
