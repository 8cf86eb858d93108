"""When a remote's turn is, from how it went before. Pure.

What lies further ahead than anything that is ever waited for was written by a clock that was wrong;
it is not believed, or collecting would stop for years.
"""

from pillarbox.accounts.remotes import Remote
from pillarbox.archive.remote_states import RemoteState
from pillarbox.collector.manners import FOR_EVER, LONGEST_WAIT_SECONDS, login_allowed_at
from pillarbox.collector.schedule import stale_at, turn_after


def turn_of(remote: Remote, state: RemoteState, default_seconds: float, now: float) -> float:
    """Return when a remote is to be tried next; FOR_EVER: when a person does something."""
    return max(
        _scheduled_at(remote, state, default_seconds, now),
        rest_ends_at(state, now),
        login_at(state, now),
    )


def rest_ends_at(state: RemoteState, now: float) -> float:
    """Return when the rest after failures ends, 0 where there is none."""
    is_believed = state.next_at >= FOR_EVER or state.next_at <= now + LONGEST_WAIT_SECONDS
    return state.next_at if is_believed else 0


def login_at(state: RemoteState, now: float) -> float:
    """Return when the server lets us in again, 0 where it has not said."""
    allowed_at = login_allowed_at(state.logged_in_at, state.login_delay_seconds)
    # A login that is still to come by more than the delay was not at that time.
    is_believed = (state.logged_in_at or 0) <= now + (state.login_delay_seconds or 0)
    return allowed_at if is_believed else 0


def is_stale(remote: Remote, state: RemoteState, default_seconds: float, now: float) -> bool:
    """Return whether somebody is to hear that nothing is collected.

    A try must have failed since it became so: whoever was switched off for a week tries first.
    """
    if not state.failures or remote.paused_at:
        return False
    at = stale_at(remote.settings.schedule, since_of(remote, state), default_seconds)
    return at <= now and ((state.tried_at or 0) >= at or state.next_at >= FOR_EVER)


def since_of(remote: Remote, state: RemoteState) -> int:
    """Return since when nothing has been collected."""
    return remote.created_at if state.succeeded_at is None else state.succeeded_at


def _scheduled_at(remote: Remote, state: RemoteState, every: float, now: float) -> float:
    schedule = remote.settings.schedule
    if state.tried_at is None and not schedule.cron:
        return 0
    last = remote.created_at if state.tried_at is None else state.tried_at
    return 0 if last > now else turn_after(schedule, last, every)
