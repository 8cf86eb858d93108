"""How a server is treated: when it is asked again, and how long a session may take. Pure.

What is likely to pass is tried again after a rest that doubles. What would lock an account or wants
a person (a password that is not accepted) is tried three times, with long rests, and then only when
somebody changes the remote or names it. LOGIN-DELAY (RFC 2449, section 6.5) is honoured by all.
"""

from dataclasses import dataclass, replace
from enum import Enum

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.remote_states import RemoteState
from pillarbox.base.errors import Fault
from pillarbox.client.faults import HungUpFault, RefusedFault, RemoteInUseFault
from pillarbox.collector.limits import day_of
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.net.connector import ConnectFault
from pillarbox.net.deadline import TooSlowFault

FIRST_REST_SECONDS = 60.0
LONGEST_REST_SECONDS = 3_600.0
DOUBLINGS = 10  # beyond this the rest is the longest anyway
REFUSED_RESTS = (900.0, 3_600.0)  # three wrong passwords lock no account that we know of
FOR_EVER = 253_402_300_799  # the end of the year 9999: until a person does something
UNKNOWN_DELAY_SECONDS = 600.0  # where a server says LOGIN-DELAY and not how long; none is longer
LONGEST_DELAY_SECONDS = 86_400.0  # a server that wants more is not believed: mail would never come
LONGEST_WAIT_SECONDS = 1.5 * LONGEST_DELAY_SECONDS  # nothing is waited for longer, but a person

RESUMES = 5
RESUME_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
RESUME_DELAY_SECONDS = 2  # a LOGIN-DELAY up to this is waited for; a longer one ends the run

PIPELINING_REST_SECONDS = 30 * 86_400  # then a server may have been mended

FLOOR_SECONDS = 900.0  # for a login, two listings, and what a slow server needs beside
SECONDS_A_MESSAGE = 1.0  # listed: UIDL and DELE where nothing is pipelined, on a slow path
OCTETS_A_SECOND = 4_096  # to be fetched: below that a path is as good as down
LONGEST_SECONDS = 86_400.0  # whatever a server lists


class StoppedFault(Fault):
    """We were told to stop before all was done; what is kept stays."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a run has learned of its server; times in seconds since 1970."""

    began_at: float
    logged_in_at: float | None = None  # at the latest; None: it was not let in
    login_delay_seconds: int | None = None
    expire_days: int | None = None
    has_failed_pipelining: bool = False
    resumed: int = 0  # so often it went on after a cut


class Kind(Enum):
    """What an end means for the next session."""

    GOOD = "good"
    TEMPORARY = "temporary"
    TOO_SOON = "too soon"  # LOGIN-DELAY
    REFUSED = "refused"  # it wants a person
    OURS = "ours"  # no server had anything to do with it, so none is left in peace


def kind_of(result: Result) -> Kind:
    """Return what an end means for the next session."""
    if result.fault is None:
        return Kind.GOOD
    code = result.fault.code if isinstance(result.fault, RefusedFault) else None
    match code:
        case "LOGIN-DELAY":
            return Kind.TOO_SOON
        case "SYS/TEMP" | "IN-USE":
            return Kind.TEMPORARY
        case "SYS/PERM" | "AUTH":
            return Kind.REFUSED
    if result.outcome is Outcome.CONFIGURATION:
        return Kind.OURS
    is_refused = result.outcome is Outcome.AUTHENTICATION
    return Kind.REFUSED if is_refused else Kind.TEMPORARY


def after(
    state: RemoteState, result: Result, learned: Learned, now: float, chance: float
) -> RemoteState:
    """Return what is known of a remote after a run."""
    if result.outcome is Outcome.LOCKED and result.fault is None:
        return state  # another process of ours is at it, and will say
    before = state.tried_at
    state = _counted(_met(_not_ahead(state, now), learned), result, now)
    if isinstance(result.fault, StoppedFault):
        return replace(state, tried_at=before)  # whoever begins anew goes on with it
    kind = kind_of(result)
    failures = 0 if kind is Kind.GOOD else state.failures + 1
    state = replace(
        state,
        outcome=result.outcome.name.lower(),
        failures=failures,
        next_at=int(rests_until(kind, failures, now, chance, state.login_delay_seconds)),
    )
    if kind is Kind.GOOD:
        return replace(state, succeeded_at=int(now), stale_told_at=None)
    return state


def _not_ahead(state: RemoteState, now: float) -> RemoteState:
    """Return the state without times that are still to come, which a wrong clock has written."""
    return replace(
        state,
        succeeded_at=_by_now(state.succeeded_at, now),
        logged_in_at=_by_now(state.logged_in_at, now),
        pipelining_failed_at=_by_now(state.pipelining_failed_at, now),
        stale_told_at=_by_now(state.stale_told_at, now),
    )


def _by_now(at: int | None, now: float) -> int | None:
    return None if at is None else min(at, int(now))


def _met(state: RemoteState, learned: Learned) -> RemoteState:
    """Return the state with what the server said and did."""
    state = replace(state, tried_at=int(learned.began_at))
    if learned.has_failed_pipelining:
        state = replace(state, pipelining_failed_at=int(learned.began_at))
    if learned.logged_in_at is None:
        return state
    return replace(
        state,
        logged_in_at=int(learned.logged_in_at),
        login_delay_seconds=learned.login_delay_seconds,
        expire_days=learned.expire_days,
    )


def _counted(state: RemoteState, result: Result, now: float) -> RemoteState:
    day = day_of(now)
    messages, octets = state.fetched_on(day)
    messages += result.collected + result.known
    return replace(state, day=day, day_messages=messages, day_octets=octets + result.octets)


def rests_until(
    kind: Kind, failures: int, now: float, chance: float, delay_seconds: float | None = None
) -> float:
    """Return when to try again after so many failures in a row, this one among them.

    `delay_seconds` is the LOGIN-DELAY that the server announces. `chance`, from 0 to 1, spreads the
    rests, so that many who failed together do not come back together.
    """
    if kind in {Kind.GOOD, Kind.OURS}:
        return 0
    if kind is Kind.REFUSED:
        if failures > len(REFUSED_RESTS):
            return FOR_EVER
        return now + spread(REFUSED_RESTS[failures - 1], chance)
    doubled = FIRST_REST_SECONDS * 2 ** min(failures - 1, DOUBLINGS)
    rest = min(doubled, LONGEST_REST_SECONDS)
    if kind is Kind.TOO_SOON:
        rest = max(rest, min(delay_seconds or UNKNOWN_DELAY_SECONDS, LONGEST_DELAY_SECONDS))
    return now + spread(rest, chance)


def spread(seconds: float, chance: float) -> float:
    """Return a rest between so many seconds and half as many more."""
    return seconds * (1 + chance / 2)


def login_allowed_at(logged_in_at: float | None, delay_seconds: float | None) -> float:
    """Return when the server lets us in again; RFC 2449, section 6.5."""
    if logged_in_at is None or not delay_seconds:
        return 0
    return logged_in_at + min(delay_seconds, LONGEST_DELAY_SECONDS)


def expires_early(leave: LeavePolicy, expire_days: int | None) -> bool:
    """Return whether a server removes mail before it is to go; RFC 2449, section 6.7."""
    if expire_days is None:
        return False
    if leave.is_for_ever or leave.keep_newest or leave.after_backups:
        return True
    return expire_days < (leave.delete_after_days or 0)


def may_pipeline(failed_at: float | None, now: float) -> bool:
    """Return whether to believe a server that says PIPELINING, and once did not do it."""
    return failed_at is None or now - failed_at >= PIPELINING_REST_SECONDS


def resumes_after(
    fault: Fault | None,
    tries: int,
    idle: int,
    login_delay_seconds: int | None,
    *,
    is_at_message: bool = False,
) -> float | None:
    """Return the seconds before this run connects again, None where it ends.

    `tries` counts the connections so far, `idle` those at the end that brought nothing: a first one
    that did is not followed by another, and after one that did one may be in vain, since a server
    may not have noticed the cut yet. Where a session broke `is_at_message`, the others can be had.
    """
    is_cut = is_at_message or isinstance(fault, HungUpFault | TooSlowFault)
    is_echo = tries > 1 and isinstance(fault, RemoteInUseFault | ConnectFault)
    if not (is_cut or is_echo) or tries > RESUMES or idle > min(tries - 1, 1):
        return None
    if (login_delay_seconds or 0) > RESUME_DELAY_SECONDS:
        return None
    return max(RESUME_SECONDS[tries - 1], login_delay_seconds or 0)


def deadline_seconds(listed: int, octets: int) -> float:
    """Return how long a run may take that finds so many messages and fetches so many octets."""
    needed = FLOOR_SECONDS + listed * SECONDS_A_MESSAGE + octets / OCTETS_A_SECOND
    return min(needed, LONGEST_SECONDS)
