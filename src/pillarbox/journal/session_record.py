"""What is kept of one session, as values: who, from where, how it ended, and step by step what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pillarbox.base.names import AccountId, DeviceId, SessionId

FIRST_STEPS = 200  # a person reads no more of them; a whole session of most clients fits


@dataclass(frozen=True, slots=True)
class Step:
    """A command and its reply, or several alike that came one after the other.

    Nothing in it is the client's own text but numbers.
    """

    at_ms: int  # of the first, since the session began
    stage: str  # "A", "T" or "U": AUTHORIZATION, TRANSACTION, UPDATE
    what: str  # the command's name, or "connect", "tls", "end"
    first: str  # its arguments, *** for a secret
    last: str  # those of the last, where there are several
    count: int
    reply: str  # the first line of the first
    octets: int  # that were sent for all of them
    notes: tuple[str, ...] = ()  # what was wrong, as codes


@dataclass(frozen=True, slots=True)
class Told:
    """A session's steps, the first and the last of many, and how often each command was said."""

    steps: tuple[Step, ...] = ()
    left_out: int = 0  # behind the first ones
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session, or how far it is."""

    id: SessionId
    began_at: int
    source: str
    protocol: str
    ended_at: int | None = None  # None: it lives
    account: AccountId | None = None  # None: nobody has logged in
    device: DeviceId | None = None
    tls: str | None = None
    mechanism: str | None = None
    how: str | None = None  # it ended, as in the journal
    octets: int = 0  # that were sent
    read: str = ""  # ids of messages, as `ranges` writes them: sent whole
    seen: str = ""  # sent in part
    removed: str = ""
    told: Told = field(default_factory=Told)
    tried: str = field(default="", repr=False)  # the name that was refused last, as it was given


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers in order as "1-40 43": a whole maildrop in a few octets."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] >= number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(str(low) if low == high else f"{low}-{high}" for low, high in found)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the lowest and the highest number of each range."""
    for word in text.split():
        low, _, high = word.partition("-")
        yield int(low), int(high or low)


def count(text: str) -> int:
    """Return how many numbers the ranges hold."""
    return sum(high - low + 1 for low, high in spans(text))
