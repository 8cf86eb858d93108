"""What the operator's rules make of a message: values in, one decision out. Pure.

The rules are asked in their order. One that has nothing but tags adds them, and the next is asked;
the first other one that matches decides. What cannot be decided is fetched.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from pillarbox.message.headers import HEADER_OCTETS

MOST_HEADER_OCTETS = HEADER_OCTETS  # a header beyond that decides nothing


class Action(StrEnum):
    """What a rule does with a message; the names of the configuration."""

    FETCH = "fetch"
    SKIP = "skip"  # it stays on the server, and is never removed by us
    HEADERS = "headers"  # its header now, the rest later


class Peeked(Enum):
    """Why there is no header."""

    NOT_YET = "not yet"  # nobody has asked for it
    NOT_TO_BE_HAD = "not to be had"  # no TOP, or TOP was refused, or it was too long to take


class Undecided(Enum):
    """There is no decision yet."""

    NEEDS_HEADER = "needs header"  # and the header may change what is done


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A field of the header that has to hold one of the patterns.

    `field` in lower case. A pattern is found anywhere; one with "*", which stands for any run of
    characters, has to fit the whole field. Case and width of letters are the same.
    """

    field: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """All conditions must hold; none is set: it always matches. `action` None: it only tags.

    `larger_than` and `smaller_than` in octets as the server lists them.
    """

    name: str
    action: Action | None = None
    remote: str | None = None  # None: every remote
    fields: tuple[FieldTest, ...] = ()
    larger_than: int | None = None
    smaller_than: int | None = None
    older_than_days: int | None = None  # by its Date field
    tags: tuple[str, ...] = ()
    set_aside: str | None = None  # why it goes into no maildrop, such as "spam"
    account: str | None = None  # whose it becomes, where it is not the remote's own account
    rest_after_days: int | None = None  # HEADERS: None waits until somebody asks for the rest


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message as far as it is known before it is fetched; `octets` as the server lists them."""

    remote: str
    octets: int
    header: bytes | Peeked = Peeked.NOT_YET


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a message; `rule` is whose doing it is, None where no rule decided.

    Where the action is HEADERS, the tags, the account and `set_aside` are for when the rest comes.
    `is_undecided` says that a rule asked for what could not be had, and that it is fetched for
    that.
    """

    action: Action = Action.FETCH
    rule: str | None = None
    tags: tuple[str, ...] = ()  # sorted, each once
    set_aside: str | None = None
    account: str | None = None  # None: the remote's own
    rest_after_days: int | None = None
    is_undecided: bool = False


Rules = tuple[Rule, ...]


def decide(rules: Rules, candidate: Candidate, now: float) -> Decision | Undecided:
    """Return what is done with a message; `now` in seconds since 1970.

    NEEDS_HEADER only where the header is NOT_YET there, and may change what is done.
    """
    raise NotImplementedError
