"""Which messages of IMAP are asked for together."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from pillarbox.client.imap.batches import (
    PART_OCTETS,
    SMALL_OCTETS,
    TOGETHER,
    Place,
    asked_octets,
    batches,
)

OCTETS = st.sampled_from((0, 1, SMALL_OCTETS - 1, SMALL_OCTETS, 10 * PART_OCTETS))
PLACES = st.lists(
    st.builds(Place, st.integers(), st.sampled_from("ab"), st.just(1), st.just(1), OCTETS)
)


def test_of_nothing_nothing_is_asked() -> None:
    assert [] == list(batches([]))


@given(PLACES)
def test_every_message_is_in_one_batch_in_its_order(places: list[Place]) -> None:
    assert places == list(chain.from_iterable(batches(places)))


@given(PLACES)
def test_a_batch_is_of_few_small_messages_of_one_folder(places: list[Place]) -> None:
    several = [batch for batch in batches(places) if len(batch) > 1]

    assert all(len(batch) <= TOGETHER for batch in several)
    assert all(place.octets < SMALL_OCTETS for batch in several for place in batch)
    assert all(len({place.folder for place in batch}) == 1 for batch in several)


@given(PLACES)
def test_a_batch_asks_for_no_more_than_one_part(places: list[Place]) -> None:
    assert all(len(batch) * asked_octets(batch) <= PART_OCTETS for batch in batches(places))
