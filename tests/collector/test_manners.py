"""How servers are treated: when they are asked again, and when a run goes on after a cut."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.remote_states import RemoteState
from pillarbox.base.errors import Fault, OperatorFault, PeerFault, StoreFault
from pillarbox.client.faults import (
    HungUpFault,
    NotAcceptedFault,
    RefusedFault,
    RemoteInUseFault,
    TryLaterFault,
)
from pillarbox.collector.manners import (
    FLOOR_SECONDS,
    FOR_EVER,
    LONGEST_REST_SECONDS,
    LONGEST_SECONDS,
    RESUMES,
    Kind,
    Learned,
    StoppedFault,
    after,
    deadline_seconds,
    expires_early,
    kind_of,
    login_allowed_at,
    may_pipeline,
    rests_until,
    resumes_after,
)
from pillarbox.collector.outcome import Outcome, Result, outcome_of
from pillarbox.net.connector import ConnectFault

NOW = 1_800_000_000.0
DAY = 86_400

failures = st.integers(1, 10_000)
chances = st.floats(0, 1)

KINDS: list[tuple[Fault | None, Kind]] = [
    (None, Kind.GOOD),
    (HungUpFault("x"), Kind.TEMPORARY),
    (RemoteInUseFault("x", code="IN-USE"), Kind.TEMPORARY),
    (TryLaterFault("x", code="SYS/TEMP"), Kind.TEMPORARY),
    (NotAcceptedFault("x", code="SYS/TEMP"), Kind.TEMPORARY),
    (TryLaterFault("x", code="LOGIN-DELAY"), Kind.TOO_SOON),
    (TryLaterFault("x", code="SYS/PERM"), Kind.REFUSED),
    (RefusedFault("x", code="AUTH"), Kind.REFUSED),
    (NotAcceptedFault("x"), Kind.REFUSED),
    (StoreFault("x"), Kind.TEMPORARY),
    (OperatorFault("x"), Kind.OURS),
]


def result(fault: Fault | None = None, collected: int = 0) -> Result:
    outcome = Outcome.MAIL if fault is None else outcome_of(fault)
    return Result(outcome, collected=collected, octets=10 * collected, fault=fault)


@pytest.mark.parametrize(("fault", "kind"), KINDS)
def test_each_fault_says_how_the_server_is_to_be_treated(fault: Fault | None, kind: Kind) -> None:
    assert kind is kind_of(result(fault))


@given(failures, chances)
def test_what_may_pass_is_tried_again_within_an_hour_and_a_half(count: int, chance: float) -> None:
    rest = rests_until(Kind.TEMPORARY, count, NOW, chance) - NOW

    assert 60 <= rest <= 1.5 * LONGEST_REST_SECONDS


@given(failures, chances)
def test_rests_never_become_shorter(count: int, chance: float) -> None:
    for kind in (Kind.TEMPORARY, Kind.REFUSED, Kind.TOO_SOON):
        rests = [rests_until(kind, count + more, NOW, chance, 900) for more in (0, 1)]

        assert sorted(rests) == rests


@given(st.integers(3, 10_000), chances)
def test_a_password_that_was_refused_three_times_waits_for_a_person(
    count: int, chance: float
) -> None:
    assert FOR_EVER == rests_until(Kind.REFUSED, count, NOW, chance)


@given(failures, chances, st.integers(1, DAY))
def test_a_login_that_came_too_soon_waits_for_the_announced_delay(
    count: int, chance: float, delay: int
) -> None:
    assert rests_until(Kind.TOO_SOON, count, NOW, chance, delay) >= NOW + delay


def test_a_login_delay_counts_from_the_last_login() -> None:
    assert NOW + 900 == login_allowed_at(NOW, 900)
    assert 0 == login_allowed_at(None, 900)
    assert 0 == login_allowed_at(NOW, None)


def test_pipelining_is_tried_again_a_month_after_it_failed() -> None:
    assert may_pipeline(None, NOW)
    assert not may_pipeline(NOW, NOW + 29 * DAY)
    assert may_pipeline(NOW, NOW + 30 * DAY)


@pytest.mark.parametrize(
    ("fault", "tries", "idle", "delay", "rest"),
    [
        (HungUpFault("x"), 1, 0, None, 1),
        (HungUpFault("x"), 1, 1, None, None),  # it brought nothing
        (HungUpFault("x"), 2, 1, None, 2),
        (HungUpFault("x"), 3, 2, None, None),
        (HungUpFault("x"), RESUMES + 1, 0, None, None),
        (RemoteInUseFault("x"), 2, 1, None, 2),  # the server has not noticed the cut
        (ConnectFault("x"), 2, 1, None, 2),
        (RemoteInUseFault("x"), 1, 0, None, None),
        (PeerFault("x"), 1, 0, None, None),
        (HungUpFault("x"), 1, 0, 900, None),  # LOGIN-DELAY
        (None, 1, 0, None, None),
    ],
)
def test_a_run_goes_on_after_a_cut_while_it_brings_something(
    fault: Fault | None, tries: int, idle: int, delay: int | None, rest: float | None
) -> None:
    assert rest == resumes_after(fault, tries, idle, delay)


@given(st.integers(0, 10**12), st.integers(0, 2**60))
def test_a_deadline_is_never_short_and_never_endless(listed: int, octets: int) -> None:
    assert FLOOR_SECONDS <= deadline_seconds(listed, octets) <= LONGEST_SECONDS


def test_a_success_ends_the_rest_and_remembers_what_the_server_said() -> None:
    before = RemoteState(failures=2, next_at=5, stale_told_at=4)
    learned = Learned(NOW - 9, NOW - 5, 900, 30)

    state = after(before, result(collected=2), learned, NOW, 0)

    assert (0, 0, None, int(NOW)) == (
        state.failures,
        state.next_at,
        state.stale_told_at,
        state.succeeded_at,
    )
    assert (int(NOW - 5), 900, 30) == (
        state.logged_in_at,
        state.login_delay_seconds,
        state.expire_days,
    )
    assert (2, 20) == state.fetched_on(int(NOW // DAY))


def test_counts_of_another_day_are_forgotten() -> None:
    before = RemoteState(day=1, day_messages=7, day_octets=70)

    state = after(before, result(collected=2), Learned(NOW), NOW, 0)

    assert (2, 20) == state.fetched_on(int(NOW // DAY))
    assert (0, 0) == state.fetched_on(1)


def test_a_failure_keeps_what_was_known() -> None:
    before = RemoteState(succeeded_at=3, login_delay_seconds=900, failures=1)

    state = after(before, result(HungUpFault("x")), Learned(NOW), NOW, 0)

    assert replace(state, day=None) == replace(
        before, tried_at=int(NOW), failures=2, next_at=int(NOW) + 120, outcome="socket"
    )


def test_being_told_to_stop_is_no_failure_and_whoever_begins_anew_goes_on() -> None:
    before = RemoteState(tried_at=2, failures=1, next_at=3)

    state = after(before, result(StoppedFault("x")), Learned(NOW), NOW, 0)

    assert (2, 1, 3) == (state.tried_at, state.failures, state.next_at)


def test_what_another_process_of_ours_does_is_its_own_to_note() -> None:
    before = RemoteState(failures=1)

    assert before is after(before, Result(Outcome.LOCKED), Learned(NOW), NOW, 0)


def test_a_server_that_lied_about_pipelining_is_remembered() -> None:
    learned = Learned(NOW, has_failed_pipelining=True)

    assert int(NOW) == after(RemoteState(), result(), learned, NOW, 0).pipelining_failed_at


@pytest.mark.parametrize(
    ("leave", "expire_days", "is_early"),
    [
        (LeavePolicy(), None, False),  # EXPIRE NEVER, or nothing said
        (LeavePolicy(), 30, True),
        (LeavePolicy(31), 30, True),
        (LeavePolicy(30), 30, False),
        (LeavePolicy(0), 0, False),
        (LeavePolicy(when_archived=True), 0, False),
        (LeavePolicy(0, keep_newest=100), 30, True),
        (LeavePolicy(0, after_backups=2), 30, True),
    ],
)
def test_a_server_may_remove_mail_sooner_than_is_asked_for(
    leave: LeavePolicy, expire_days: int | None, is_early: bool
) -> None:
    assert is_early is expires_early(leave, expire_days)
