"""The clock that tests turn."""

from pillarbox.base.clock import Clock, FakeClock, shown_time


def test_it_stands_still_until_it_is_told_to_move() -> None:
    clock: Clock = FakeClock(100.0)

    assert [100.0, 100.0] == [clock.now(), clock.now()]


def test_it_moves_by_what_it_is_told() -> None:
    clock = FakeClock(100.0)
    clock.advance(2.5)
    clock.advance(1)

    assert 103.5 == clock.now()


def test_it_starts_at_a_time_of_this_century() -> None:
    assert 1_800_000_000.0 == FakeClock().now()


def test_a_time_is_shown_in_whole_seconds_of_utc() -> None:
    assert "2027-01-15T08:00:00Z" == shown_time(1_800_000_000.9)
