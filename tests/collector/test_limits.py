"""Limits: nothing overtakes, nothing goes beyond, and nothing waits for ever."""

from hypothesis import given
from hypothesis import strategies as st

from pillarbox.collector.limits import Counts, Limit, Limits, day_of, held_back

NONE = Counts()


def test_without_limits_all_is_fetched() -> None:
    assert [None, None] == held_back([5, 10**12], Limits(), NONE, NONE)


def test_a_message_beyond_the_limit_for_one_stays_and_holds_up_nobody() -> None:
    held = held_back([5, 11, 10], Limits(octets_per_message=10), NONE, NONE)

    assert [None, Limit.OCTETS_PER_MESSAGE, None] == held


def test_a_session_has_so_many_messages() -> None:
    held = held_back([1, 1, 1], Limits(messages_per_session=3), Counts(1, 1), NONE)

    assert [None, None, Limit.MESSAGES_PER_SESSION] == held


def test_a_session_has_so_many_octets_and_nothing_overtakes() -> None:
    held = held_back([6, 5, 1], Limits(octets_per_session=10), NONE, NONE)

    assert [None, Limit.OCTETS_PER_SESSION, Limit.OCTETS_PER_SESSION] == held


def test_a_day_has_so_many_messages_and_octets() -> None:
    of_messages = held_back([1, 1], Limits(messages_per_day=8), NONE, Counts(7, 7))
    of_octets = held_back([2, 2], Limits(octets_per_day=10), NONE, Counts(7, 7))

    assert [None, Limit.MESSAGES_PER_DAY] == of_messages
    assert [None, Limit.OCTETS_PER_DAY] == of_octets


def test_the_first_of_a_session_and_of_a_day_may_be_larger_than_all_their_octets() -> None:
    limits = Limits(octets_per_session=10, octets_per_day=20)

    assert [None, Limit.OCTETS_PER_SESSION] == held_back([99, 1], limits, NONE, NONE)
    assert [Limit.OCTETS_PER_DAY] == held_back([99], limits, NONE, Counts(1, 1))


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert 0 == day_of(86_399.9)
    assert 1 == day_of(86_400)


MOST = st.none() | st.integers(1, 20)
LIMITS = st.builds(Limits, MOST, MOST, MOST, MOST, MOST)
SIZES = st.lists(st.integers(0, 12), max_size=12)
COUNTS = st.builds(Counts, st.integers(0, 12), st.integers(0, 20))


@given(SIZES, LIMITS, COUNTS, COUNTS)
def test_what_is_fetched_is_the_oldest_and_within_every_limit(
    sizes: list[int], limits: Limits, session: Counts, day: Counts
) -> None:
    held = held_back(sizes, limits, session, day)

    assert len(sizes) == len(held)
    waiting = [limit for limit in held if limit is not Limit.OCTETS_PER_MESSAGE]
    assert waiting == sorted(waiting, key=lambda limit: limit is not None)
    fetched = [size for size, limit in zip(sizes, held, strict=True) if limit is None]
    assert all(size <= (limits.octets_per_message or size) for size in fetched)
    for before, messages, octets in (
        (session, limits.messages_per_session, limits.octets_per_session),
        (day, limits.messages_per_day, limits.octets_per_day),
    ):
        is_alone = before.messages + len(fetched) == 1
        assert not fetched or before.messages + len(fetched) <= (messages or 99)
        assert not fetched or is_alone or before.octets + sum(fetched) <= (octets or 999)


@given(SIZES, LIMITS)
def test_with_a_session_a_day_all_that_is_not_too_large_comes_in_the_end(
    sizes: list[int], limits: Limits
) -> None:
    left = sizes
    for _day in sizes:
        held = held_back(left, limits, NONE, NONE)
        left = [size for size, limit in zip(left, held, strict=True) if limit]

    assert [size for size in sizes if size > (limits.octets_per_message or size)] == left
