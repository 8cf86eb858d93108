"""Listings in little memory: whatever there is, they say what a list and a set would."""

import tracemalloc
from collections.abc import Container

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.client.faults import BadListingFault
from pillarbox.client.listing import Listed, Listing, ListingReader, Subset, listing_of
from pillarbox.client.names import Names, Places

SOME = st.sampled_from(["a", "b", "ab", "é", "\U0001f4ec"]) | st.text(max_size=4)
NAMES = st.lists(st.none() | SOME.filter(bool))
MANY = 50_000
LONGEST = 70  # RFC 1939, section 7


def listed_as(names: list[str | None]) -> list[Listed]:
    return [Listed(2 * place + 1, place, name) for place, name in enumerate(names)]


@given(NAMES)
def test_names_are_what_was_put_in(names: list[str | None]) -> None:
    found = Names(names)

    assert (names, len(names)) == (list(found), len(found))
    assert names == [found[place] for place in range(len(names))]


@pytest.mark.parametrize("octets", range(1, 6))
def test_names_go_into_as_many_blocks_as_they_need(
    octets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pillarbox.client.names.BLOCK_OCTETS", octets)
    expected = [None, "a", "bcde", None, "f", "ghijklmnop", None, "q", "rs", None]
    names = Names(expected)
    names.put(0, "first")

    assert ["first", *expected[1:]] == list(names)
    assert ["first", *expected[1:]] == [names[place] for place in range(len(names))]


@given(NAMES, SOME)
def test_a_name_is_there_or_not_as_in_a_set(names: list[str | None], other: str) -> None:
    places = Places(Names(names))

    assert (other in set(filter(None, names))) is (other in places)
    assert all(name in places for name in names if name is not None)
    assert all(names.index(name) == places.place_of(name) for name in names if name is not None)


@given(NAMES)
def test_what_is_there_twice_is_shared(names: list[str | None]) -> None:
    shared = [name is not None and names.count(name) > 1 for name in names]

    assert shared == list(map(bool, Places(Names(names)).is_shared))


def test_names_whose_hashes_meet_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pillarbox.client.names.hash", lambda octets: 3, raising=False)
    places = Places(Names(["a", "b", None, "b", "c"]))

    assert [0, 1, 4, None] == [places.place_of(name) for name in ("a", "b", "c", "d")]
    assert bytearray([0, 1, 0, 1, 0]) == places.is_shared


def test_nothing_but_a_name_is_there() -> None:
    listing = listing_of([Listed(1, 2, "a")])

    containers: list[Container[object]] = [listing.there, Subset(listing)]
    for some in containers:
        assert "" not in some
        assert 1 not in some


@given(NAMES)
def test_a_listing_is_a_list_of_its_messages(names: list[str | None]) -> None:
    expected = listed_as(names)
    listing = listing_of(expected)

    assert (expected, len(expected)) == (list(listing), len(listing))
    assert expected == [listing[place] for place in range(len(names))]
    assert expected == [listing.of(each.number) for each in expected]


@given(NAMES, st.integers(-3, 3), st.integers(-3, 3))
def test_a_part_of_a_listing_is_that_of_the_list(
    names: list[str | None], first: int, last: int
) -> None:
    expected, listing = listed_as(names), listing_of(listed_as(names))
    some = listing[first:last]

    assert expected[first:last] == list(some)
    assert expected[first:last][1:] == list(some[1:])
    assert expected[first:last][::-1] == list(reversed(some))


@given(NAMES)
def test_a_name_of_two_messages_is_none(names: list[str | None]) -> None:
    expected = [None if names.count(name) > 1 else name for name in names]
    listing = listing_of(listed_as(names)).without_shared_names()

    assert expected == [listed.unique_id for listed in listing]
    assert all((name in expected) is (name in listing.there) for name in names if name)


@given(NAMES)
def test_messages_can_be_named_otherwise(names: list[str | None]) -> None:
    listing = listing_of(listed_as(names))
    unnamed = [listed.number for listed in listing if listed.unique_id is None]
    named = listing.named((number, f"known {number}") for number in unnamed)

    assert names == [listed.unique_id for listed in listing]
    assert [listed.unique_id or f"known {listed.number}" for listed in listing] == [
        listed.unique_id for listed in named
    ]


@given(NAMES, st.sets(st.integers(0, 9)))
def test_a_subset_has_what_was_added_by_number_and_by_name(
    names: list[str | None], places: set[int]
) -> None:
    listing = listing_of(listed_as(names)).without_shared_names()
    subset = Subset(listing)
    chosen = [listed for place, listed in enumerate(listing) if place in places]
    for listed in chosen:
        subset.add(listed.number)

    assert [listed in chosen for listed in listing] == [subset.has(each.number) for each in listing]
    assert all((each in chosen) is (each.unique_id in subset) for each in listing if each.unique_id)


NUMBERS = st.lists(st.integers(0, 30), unique=True)


def listed_by(sizes: list[int], names: list[int]) -> Listing:
    reader = ListingReader()
    for number in sizes:
        reader.listed(b"%d %d" % (number, number * 10))
    for number in names:
        reader.named(b"%d id%d" % (number, number))
    return reader.finish()


@given(NUMBERS, NUMBERS)
def test_two_listings_are_one_by_number(sizes: list[int], names: list[int]) -> None:
    expected = [
        Listed(number, number * 10 * (number in sizes), f"id{number}" if number in names else None)
        for number in sorted({*sizes, *names})
    ]

    assert expected == list(listed_by(sizes, names))


def test_octets_can_be_asked_for_by_number() -> None:
    reader = ListingReader()
    for line in (b"7 70", b"3 30"):
        reader.listed(line)
    reader.finish()

    assert [30, 70, 0, 0] == [reader.octets_of(number) for number in (3, 7, 5, 8)]


@pytest.mark.parametrize("numbers", [[1, 1], [2, 1, 2]])
def test_a_number_that_is_listed_twice_is_a_fault(numbers: list[int]) -> None:
    with pytest.raises(BadListingFault):
        listed_by(numbers, [])


@pytest.mark.slow
def test_a_huge_listing_takes_little_more_than_its_names() -> None:
    tracemalloc.start()
    reader = ListingReader()
    for number in range(MANY):
        reader.listed(b"%d %d" % (number, number))
        reader.named(b"%d %0*d" % (number, LONGEST, number))
    listing = reader.finish().without_shared_names()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert MANY == len(listing)
    assert f"{7:0{LONGEST}}" in listing.there
    assert peak < 2 * MANY * LONGEST


def test_names_can_be_put_in_anew() -> None:
    names = Names()
    names.append("a")
    names.put(0, "another")

    assert ["another"] == list(names)
    assert [b""] == [Names([None]).octets_at(0)]
