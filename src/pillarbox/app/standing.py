"""How a remote stands: what programs are told of it, and why it is left alone. Pure."""

from pillarbox.accounts.remotes import Remote
from pillarbox.archive.remote_states import RemoteState
from pillarbox.base.clock import shown_time
from pillarbox.base.errors import Fault, OperatorFault
from pillarbox.client.faults import RefusedFault
from pillarbox.collector.manners import FOR_EVER
from pillarbox.collector.outcome import Outcome, Result, outcome_of
from pillarbox.collector.turn import login_at, rest_ends_at, turn_of


class RestsFault(OperatorFault):
    """A remote rests after failures."""


def refuse_too_early(remote: Remote, state: RemoteState, now: float, *, is_named: bool) -> None:
    """Raise a fault that says when, where the server or what failed lately wants us to wait."""
    if login_at(state, now) > now:
        raise RefusedFault(
            "The server allows the next login at {time} (LOGIN-DELAY).",
            code="LOGIN-DELAY",
            time=shown_time(login_at(state, now)),
        )
    rests_until = rest_ends_at(state, now)
    if rests_until <= now or is_named:
        return
    if rests_until >= FOR_EVER:
        raise RestsFault(
            'It was refused too often, and rests. "pillarbox collect {name}" tries it again.',
            name=remote.name,
        )
    raise RestsFault(
        'It rests until {time} after failures. "pillarbox collect {name}" tries it now.',
        time=shown_time(rests_until),
        name=remote.name,
    )


def state_fields(
    remote: Remote, state: RemoteState, default_seconds: float, now: float
) -> dict[str, object]:
    """Return how a remote stands, for programs: for `remote list` and `show`."""
    next_at = turn_of(remote, state, default_seconds, now)
    rests_until = rest_ends_at(state, now) if state.failures else 0
    return {
        "tried_at": _shown(state.tried_at),
        "succeeded_at": _shown(state.succeeded_at),
        "outcome": state.outcome,
        "failures": state.failures,
        "rests_until": "changed" if next_at >= FOR_EVER else _shown(rests_until or None),
        "next_at": None if remote.paused_at or next_at in {0, FOR_EVER} else shown_time(next_at),
        "login_delay_seconds": state.login_delay_seconds,
        "expire_days": state.expire_days,
    }


def _shown(seconds: float | None) -> str | None:
    return None if seconds is None else shown_time(seconds)


def passed_over(fault: Fault, state: RemoteState) -> Result:
    """Return what comes of a remote that is left alone: for scripts, what came of it last."""
    if isinstance(fault, RestsFault) and state.outcome:
        return Result(Outcome[state.outcome.upper()], fault=fault)
    return Result(outcome_of(fault), fault=fault)
