"""When a remote's turn is."""

import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.remote_settings import Schedule
from pillarbox.base.errors import OperatorFault
from pillarbox.collector.schedule import next_by_cron, require_cron, stale_at, turn_after

NOW = 1_800_000_000.0
DAY = 86_400
times = st.integers(0, 4_000_000_000)


@pytest.mark.parametrize("text", ["*/5 * * * *", "0 7 * * mon-fri", "@daily", "0 0 1 1 7"])
def test_cron_expressions_are_taken(text: str) -> None:
    assert text == require_cron(text, NOW)


@pytest.mark.parametrize(
    "text",
    ["", "x", "* * * *", "* * * * * *", "0 0 31 2 *", "H * * * *", "R(0-5) * * * *", "@reboot"],
)
def test_what_is_no_cron_expression_or_never_holds_is_refused(text: str) -> None:
    with pytest.raises(OperatorFault, match="no cron expression"):
        require_cron(text, NOW)


@given(times)
def test_a_turn_by_cron_is_the_next_full_five_minutes(after: int) -> None:
    turn = turn_after(Schedule(cron="*/5 * * * *"), after, DAY)

    assert (0, True) == (turn % 300, after < turn <= after + 300)


@given(times, st.integers(1, DAY))
def test_a_turn_at_an_interval_is_so_much_later(after: int, seconds: int) -> None:
    assert after + seconds == turn_after(Schedule(seconds), after, DAY)
    assert after + seconds == turn_after(Schedule(), after, seconds)


def test_an_expression_that_cannot_be_read_is_as_if_it_were_not_there() -> None:
    assert next_by_cron("0 0 31 2 *", NOW) is None
    assert NOW + 60 == turn_after(Schedule(cron="nonsense"), NOW, 60)


@given(times, st.integers(1, 30 * DAY))
def test_a_remote_is_stale_after_a_day_or_a_missed_turn(since: int, seconds: int) -> None:
    assert stale_at(Schedule(seconds), since, DAY) == since + max(DAY, seconds + 3_600)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be where the clock is put forward on 2026-03-29, and back on 2026-10-25."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 7 * * *", "2026-03-28T07:00+01:00", "2026-03-29T07:00+02:00"),
        ("0 7 * * *", "2026-10-24T07:00+02:00", "2026-10-25T07:00+01:00"),
        ("30 2 * * *", "2026-03-28T02:30+01:00", "2026-03-29T03:30+02:00"),  # there is no 2:30
        ("30 2 * * *", "2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00"),  # the first of two
        ("30 2 * * *", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
        ("*/30 * * * *", "2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00"),
        ("*/30 * * * *", "2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00"),
        ("0 0 1 1 *", "2026-07-01T00:00+02:00", "2027-01-01T00:00+01:00"),
    ],
)
def test_a_cron_expression_is_read_off_the_clock_on_the_wall(
    cron: str, after: str, expected: str
) -> None:
    turn = turn_after(Schedule(cron=cron), datetime.fromisoformat(after).timestamp(), 600)

    assert datetime.fromisoformat(expected).timestamp() == turn
