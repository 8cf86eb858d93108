"""How many commands are under way."""

import pytest

from pillarbox.client.window import FIRST, MOST, MOST_OCTETS, Window


def filled(window: Window, number: int = 1) -> int:
    """Ask for what there is room for; return how many that is."""
    count = 0
    while window.has_room():
        window.asked(number)
        count += 1
    return count


def test_few_are_under_way_at_first() -> None:
    assert FIRST == filled(Window(lambda _: 0, is_pipelining=True))


def test_more_are_under_way_while_the_server_keeps_up_and_never_too_many() -> None:
    window = Window(lambda _: 0, is_pipelining=True)
    under_way = filled(window)
    for _ in range(2 * MOST):
        window.came(1)
        under_way += filled(window) - 1

    assert MOST == under_way


def test_large_messages_have_one_that_waits_behind_them() -> None:
    assert 2 == filled(Window(lambda _: MOST_OCTETS, is_pipelining=True))


def test_octets_that_are_under_way_are_bounded() -> None:
    assert 3 == filled(Window(lambda _: MOST_OCTETS // 3 + 1, is_pipelining=True))


@pytest.mark.parametrize("is_pipelining", [True, False])
def test_one_is_under_way_where_a_row_was_refused_or_is_not_wanted(*, is_pipelining: bool) -> None:
    window = Window(lambda _: 0, is_pipelining=is_pipelining)
    window.asked(1)
    window.refused(1)

    assert 1 == filled(window)
    window.came(1)
    assert 1 == filled(window)


def test_more_is_asked_for_when_half_has_come() -> None:
    window = Window(lambda _: 0, is_pipelining=True)
    filled(window)

    assert not window.is_due
    window.came(1)
    window.came(1)
    assert window.is_due


def test_the_window_begins_anew_where_a_refusal_was_meant() -> None:
    window = Window(lambda _: 0, is_pipelining=True)
    window.asked(1)
    window.refused(1)
    window.widen()

    assert FIRST == filled(window)
