"""Leaky buckets: what is let through in any time, and what a clock that was set back does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.throttle.buckets import BUCKETS, DELAYS, Bucket, Kind, delay
from pillarbox.accounts.throttle.sources import narrow, wide

NOW = 1_800_000_000.0
KINDS = st.sampled_from(list(Kind))
PAUSES = st.lists(st.floats(0, 600, allow_nan=False), min_size=1, max_size=120)


def tried(bucket: Bucket, pauses: list[float]) -> list[float]:
    """Return when somebody who tries after each of these pauses was let through."""
    empty_at, now, times = 0.0, NOW, []
    for pause in pauses:
        now += pause
        if bucket.takes(bucket.level(empty_at, now)):
            empty_at = bucket.raised(empty_at, now)
            times.append(now)
    return times


@given(KINDS, PAUSES, st.sampled_from([60.0, 3_600.0]))
def test_in_any_time_no_more_is_let_through_than_was_promised(
    kind: Kind, pauses: list[float], seconds: float
) -> None:
    bucket = BUCKETS[kind]
    times = tried(bucket, pauses)

    most = bucket.capacity + seconds / bucket.seconds
    for start in times:
        assert sum(start <= time <= start + seconds for time in times) <= most


def test_the_buckets_keep_what_the_page_promises() -> None:
    def most(kind: Kind, seconds: float) -> float:
        return BUCKETS[kind].capacity + seconds / BUCKETS[kind].seconds

    assert most(Kind.SOURCE, 60) <= 20
    assert most(Kind.ACCOUNT, 3_600) <= 50
    assert most(Kind.KNOWN, 60) <= 20
    assert most(Kind.PAIR, 3_600) - most(Kind.ACCOUNT, 3_600) <= 0


@given(KINDS, st.integers(0, 200))
def test_a_bucket_holds_what_was_put_in_up_to_its_capacity(kind: Kind, count: int) -> None:
    bucket, empty_at = BUCKETS[kind], 0.0
    for _ in range(count):
        empty_at = bucket.raised(empty_at, NOW)

    assert min(count, bucket.capacity) == pytest.approx(bucket.level(empty_at, NOW))


def test_what_is_given_back_is_as_if_it_had_not_been() -> None:
    bucket = BUCKETS[Kind.PAIR]
    twice = bucket.raised(bucket.raised(0.0, NOW), NOW)

    assert 1 == pytest.approx(bucket.level(bucket.lowered(twice, NOW), NOW))
    assert 0 == bucket.level(bucket.lowered(0.0, NOW), NOW)


def test_a_bucket_from_the_future_keeps_nobody_out() -> None:
    bucket = BUCKETS[Kind.ACCOUNT]
    full = NOW + bucket.capacity * bucket.seconds

    assert bucket.capacity == bucket.level(full, NOW)
    assert 0 == bucket.level(full + 86_400, NOW)


@pytest.mark.parametrize(
    ("level", "seconds"), [*enumerate(DELAYS), (2.9, 0.5), (7, 8.0), (7.1, None), (8, None)]
)
def test_the_delay_of_a_stranger_grows_until_it_is_a_refusal(
    level: float, seconds: float | None
) -> None:
    assert seconds == delay({Kind.PAIR: level}, is_known=False, is_locked=False)


@pytest.mark.parametrize("kind", [Kind.ACCOUNT, Kind.SOURCE, Kind.WIDE, Kind.PAIR])
def test_any_full_bucket_keeps_a_stranger_out_and_none_a_known_pair(kind: Kind) -> None:
    levels = {kind: float(BUCKETS[kind].capacity)}

    assert delay(levels, is_known=False, is_locked=False) is None
    assert 0 == delay(levels, is_known=True, is_locked=True)


def test_a_lock_keeps_strangers_out() -> None:
    assert delay({}, is_known=False, is_locked=True) is None


@pytest.mark.parametrize(("level", "seconds"), [(0, 0), (3, 1.0), (4, 2.0), (11, 2.0), (12, None)])
def test_a_known_pair_waits_two_seconds_at_most_and_has_a_bucket_of_its_own(
    level: int, seconds: float | None
) -> None:
    assert seconds == delay({Kind.KNOWN: level}, is_known=True, is_locked=False)


@pytest.mark.parametrize(
    ("source", "narrow_", "wide_"),
    [
        ("192.0.2.7", "192.0.2.7", None),
        ("::ffff:192.0.2.7", "192.0.2.7", None),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("unix:", "unix:", None),
    ],
)
def test_a_source_is_an_ipv4_address_or_an_ipv6_64_and_wider_a_48(
    source: str, narrow_: str, wide_: str | None
) -> None:
    assert (narrow_, wide_) == (narrow(source), wide(source))
