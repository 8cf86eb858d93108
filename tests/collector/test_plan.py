"""The plan: what is done with each message, and why. Nothing unknown is skipped or removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.remotes import LeavePolicy
from pillarbox.archive.ledger import LedgerEntry, Removal
from pillarbox.client.listing import Listed
from pillarbox.collector.plan import (
    DAY_SECONDS,
    Fetch,
    Reason,
    Remove,
    Skip,
    Step,
    plan,
    settled,
    without_shared_names,
)
from pillarbox.store.store import MessageId

NOW = 1_800_000_000.0
LISTED = Listed(1, 100, "a")


def entry(days: float = 0, removal: Removal = Removal.NONE) -> LedgerEntry:
    return LedgerEntry(MessageId(1), int(NOW - days * DAY_SECONDS), removal)


def step(policy: LeavePolicy, **ledger: LedgerEntry) -> Step:
    (only,) = plan([LISTED], ledger, policy, NOW)
    return only


def test_an_unknown_message_is_fetched() -> None:
    assert Fetch(LISTED, Reason.NEW) == step(LeavePolicy(0), b=entry())


def test_a_message_without_a_unique_id_is_fetched_whatever_is_known() -> None:
    unnamed = Listed(1, 100, None)

    assert [Fetch(unnamed, Reason.UNNAMED)] == plan([unnamed], {"": entry()}, LeavePolicy(0), NOW)


def test_a_known_message_is_left_on_the_server_by_default() -> None:
    assert Skip(LISTED, Reason.LEFT) == step(LeavePolicy(), a=entry(days=1000))


@pytest.mark.parametrize("days", [0, 1, 13.999])
def test_a_known_message_stays_until_its_days_are_over(days: float) -> None:
    assert Skip(LISTED, Reason.TOO_YOUNG) == step(LeavePolicy(14), a=entry(days))


@pytest.mark.parametrize("removal", [Removal.NONE, Removal.PERHAPS])
def test_a_known_message_whose_days_are_over_is_removed(removal: Removal) -> None:
    assert Remove(LISTED, Reason.DUE) == step(LeavePolicy(14), a=entry(14, removal))
    assert Remove(LISTED, Reason.DUE) == step(LeavePolicy(0), a=entry(0, removal))


def test_what_the_server_said_was_gone_and_lists_again_is_fetched_again() -> None:
    assert Fetch(LISTED, Reason.RETURNED) == step(LeavePolicy(0), a=entry(removal=Removal.DONE))


def test_a_unique_id_of_two_messages_is_none() -> None:
    listing = [Listed(1, 1, "a"), Listed(2, 2, "b"), Listed(3, 3, "a"), Listed(4, 4, None)]

    expected = [Listed(1, 1, None), Listed(2, 2, "b"), Listed(3, 3, None), Listed(4, 4, None)]
    assert expected == without_shared_names(listing)


def test_an_unsure_removal_is_settled_by_the_next_listing() -> None:
    ledger = {
        "a": entry(removal=Removal.PERHAPS),
        "b": entry(removal=Removal.PERHAPS),
        "c": entry(removal=Removal.NONE),
        "sha256 00": entry(removal=Removal.PERHAPS),
    }

    assert [("a", Removal.NONE), ("b", Removal.DONE)] == list(settled([LISTED], ledger))


NAMES = st.none() | st.sampled_from("abcd")
LISTINGS = st.lists(st.tuples(st.integers(0, 9), NAMES), max_size=6).map(
    lambda rows: [Listed(number, *row) for number, row in enumerate(rows, start=1)]
)
LEDGERS = st.dictionaries(
    st.sampled_from("abcd"),
    st.builds(entry, st.integers(0, 30), st.sampled_from(Removal)),
)
POLICIES = st.builds(LeavePolicy, st.none() | st.integers(0, 30))


@given(LISTINGS, LEDGERS, POLICIES)
def test_each_message_has_one_step_and_none_is_removed_or_skipped_unless_it_is_kept(
    listing: list[Listed], ledger: dict[str, LedgerEntry], policy: LeavePolicy
) -> None:
    named = without_shared_names(listing)
    steps = plan(named, ledger, policy, NOW)

    assert named == [step.listed for step in steps]
    for step in steps:
        known = ledger.get(step.listed.unique_id or "")
        is_kept = known is not None and known.removal is not Removal.DONE
        assert isinstance(step, Fetch) is not is_kept
        assert not isinstance(step, Remove) or policy.delete_after_days is not None


@given(LISTINGS, LEDGERS, POLICIES)
def test_a_plan_that_was_carried_out_has_nothing_more_to_fetch(
    listing: list[Listed], ledger: dict[str, LedgerEntry], policy: LeavePolicy
) -> None:
    named = [listed for listed in without_shared_names(listing) if listed.unique_id]
    fetched = [s.listed.unique_id for s in plan(named, ledger, policy, NOW) if isinstance(s, Fetch)]
    after = ledger | {unique_id or "": entry() for unique_id in fetched}

    assert not [s for s in plan(named, after, policy, NOW) if isinstance(s, Fetch)]
