"""The plan: what is done with each message, and why. Nothing unknown is skipped or removed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.ledger import LedgerEntry, Removal, State
from pillarbox.archive.reading_back import Lost
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.client.listing import Listed, listing_of
from pillarbox.collector.limits import Counts, Limits
from pillarbox.collector.matching import Header, matched
from pillarbox.collector.plan import (
    Fetch,
    Looked,
    Peek,
    Reason,
    Remove,
    Situation,
    Skip,
    Step,
    Terms,
    settled,
)
from pillarbox.collector.plan import plan as planned
from pillarbox.collector.rules import Action, Decision, FieldTest, Rule, known_by
from pillarbox.store.store import MessageId

NOW = 1_800_000_000.0
LISTED = Listed(1, 100, "a")
HERE = Situation(NOW)
AT_ONCE = LeavePolicy(0)


def entry(days: float = 0, removal: Removal = Removal.NONE) -> LedgerEntry:
    return LedgerEntry(MessageId(1), int(NOW - days * DAY_SECONDS), removal)


def not_kept(
    state: State, rule: str | None = None, days: float = 0, judged_by: bytes | None = None
) -> LedgerEntry:
    since = int(NOW - days * DAY_SECONDS)
    return LedgerEntry(None, since, state=state, octets=100, rule=rule, judged_by=judged_by)


def plan(
    listing: Sequence[Listed],
    ledger: Mapping[str, LedgerEntry],
    terms: Terms | LeavePolicy,
    situation: Situation = HERE,
) -> list[Step]:
    terms = Terms(policy=terms) if isinstance(terms, LeavePolicy) else terms
    return list(planned(listing, ledger, terms, situation))


def step(terms: Terms | LeavePolicy, **ledger: LedgerEntry) -> Step:
    (only,) = plan([LISTED], ledger, terms)
    return only


def looked(terms: Terms, look: Looked, **ledger: LedgerEntry) -> Step:
    (only,) = plan([LISTED], ledger, terms, Situation(NOW, {1: look}))
    return only


def test_an_unknown_message_is_fetched() -> None:
    assert Fetch(LISTED, Reason.NEW) == step(AT_ONCE, b=entry())


def test_a_message_without_a_unique_id_is_fetched_whatever_is_known() -> None:
    unnamed = Listed(1, 100, None)

    assert [Fetch(unnamed, Reason.UNNAMED)] == plan([unnamed], {"": entry()}, AT_ONCE)


@pytest.mark.parametrize("removal", [Removal.NONE, Removal.PERHAPS])
def test_what_the_server_said_was_gone_and_lists_again_is_fetched_again(removal: Removal) -> None:
    gone = replace(entry(removal=removal), vanished_at=1, octets=99)

    assert Fetch(LISTED, Reason.RETURNED) == step(AT_ONCE, a=entry(removal=Removal.DONE))
    assert Fetch(LISTED, Reason.RETURNED) == step(AT_ONCE, a=gone)
    assert Remove(LISTED, Reason.DUE) == step(AT_ONCE, a=replace(gone, octets=100))


def test_what_does_not_read_back_is_fetched_again() -> None:
    assert Fetch(LISTED, Reason.DAMAGED) == step(AT_ONCE, a=replace(entry(), damaged_at=1))


# Until when it is left


def test_a_known_message_is_left_on_the_server_by_default() -> None:
    assert Skip(LISTED, Reason.LEFT) == step(LeavePolicy(), a=entry(days=1000))


@pytest.mark.parametrize("days", [0, 1, 13.999])
def test_a_known_message_stays_until_its_days_are_over(days: float) -> None:
    assert Skip(LISTED, Reason.TOO_YOUNG) == step(LeavePolicy(14), a=entry(days))


@pytest.mark.parametrize("removal", [Removal.NONE, Removal.PERHAPS])
def test_a_known_message_whose_days_are_over_is_removed(removal: Removal) -> None:
    assert Remove(LISTED, Reason.DUE) == step(LeavePolicy(14), a=entry(14, removal))
    assert Remove(LISTED, Reason.DUE) == step(AT_ONCE, a=entry(0, removal))


def test_the_newest_stay_in_the_order_of_the_listing() -> None:
    listing = [Listed(n, 1, f"{n}") for n in (1, 2, 3)]
    ledger = {f"{n}": entry() for n in (1, 2, 3)}

    expected = [Reason.DUE, Reason.AMONG_NEWEST, Reason.AMONG_NEWEST]
    assert expected == [s.reason for s in plan(listing, ledger, LeavePolicy(keep_newest=2))]


def test_what_was_not_read_back_stays_where_that_is_asked_for() -> None:
    policy = LeavePolicy(when_archived=True)

    assert Skip(LISTED, Reason.UNVERIFIED) == step(policy, a=entry())
    assert Remove(LISTED, Reason.DUE) == step(policy, a=replace(entry(), verified_at=1))


def test_before_there_are_backups_nothing_is_in_one() -> None:
    assert Skip(LISTED, Reason.NO_BACKUP) == step(LeavePolicy(0, after_backups=1), a=entry())


def test_a_reader_removes_nothing() -> None:
    assert Skip(LISTED, Reason.READER) == step(Terms(policy=AT_ONCE, is_reader=True), a=entry())


def test_what_came_short_is_never_removed() -> None:
    assert Skip(LISTED, Reason.INCOMPLETE) == step(AT_ONCE, a=replace(entry(), missing_octets=9))


def test_what_another_program_had_is_neither_fetched_nor_removed() -> None:
    assert Skip(LISTED, Reason.SEEN) == step(AT_ONCE, a=not_kept(State.SEEN))


# Rules and limits

BY_SIZE = Rule("big", Action.SKIP, larger_than=99)
BY_HEADER = Rule("list", Action.SKIP, fields=(FieldTest("list-id", ("x",)),))
HEADER = Rule("later", Action.HEADERS, larger_than=99, rest_after_days=7, tags=("t",))


def ruled(*rules: Rule, limits: Limits | None = None) -> Terms:
    return Terms("r", AT_ONCE, rules=rules, limits=limits or Limits(), day=Counts(1, 1))


def test_a_rule_by_size_passes_over_and_one_by_header_looks_first() -> None:
    assert Skip(LISTED, Reason.BY_RULE, "big") == step(ruled(BY_SIZE))
    assert Peek(LISTED, Reason.FOR_RULE) == step(ruled(BY_HEADER))


def test_what_was_looked_at_is_done_as_decided() -> None:
    skip, fetch = Decision(Action.SKIP, "list"), Decision(tags=("t",))

    assert Skip(LISTED, Reason.BY_RULE, "list") == looked(ruled(BY_HEADER), Looked(skip))
    assert Fetch(LISTED, Reason.NEW, fetch) == looked(ruled(BY_HEADER), Looked(fetch))


def test_what_a_rule_passed_over_is_asked_for_again_once_the_rules_are_others() -> None:
    skipped = not_kept(State.SKIPPED, "list", judged_by=known_by((BY_HEADER,), "r", NOW))
    otherwise = replace(BY_HEADER, fields=(FieldTest("list-id", ("y",)),))

    assert Skip(LISTED, Reason.BY_RULE, "list") == step(ruled(BY_HEADER), a=skipped)
    assert Fetch(LISTED, Reason.NEW) == step(ruled(), a=skipped)
    assert Peek(LISTED, Reason.FOR_RULE) == step(ruled(otherwise), a=skipped)
    elsewhere = Rule("elsewhere", Action.SKIP, remote="another")
    terms = ruled(BY_HEADER, elsewhere)
    assert Skip(LISTED, Reason.BY_RULE, "list") == step(terms, a=skipped)


def test_what_was_taken_as_a_header_is_judged_again_by_other_rules() -> None:
    taken = not_kept(State.HEADERS, "later", judged_by=known_by((HEADER,), "r", NOW))

    assert Skip(LISTED, Reason.HEADER_ONLY, "later") == step(ruled(HEADER), a=taken)
    by_header = replace(HEADER, fields=(FieldTest("list-id", ("y",)),))
    assert Peek(LISTED, Reason.FOR_RULE) == step(ruled(by_header), a=taken)
    smaller = replace(HEADER, larger_than=500)
    assert Fetch(LISTED, Reason.REST) == step(ruled(smaller), a=taken)
    terms = ruled(by_header)
    assert Fetch(LISTED, Reason.REST) == looked(terms, Looked(Decision()), a=taken)


def test_where_a_rule_asks_for_an_age_each_day_has_its_judgement() -> None:
    rules = (Rule("old", Action.SKIP, older_than_days=9),)
    day = NOW // DAY_SECONDS * DAY_SECONDS

    assert known_by(rules, "r", day) == known_by(rules, "r", day + DAY_SECONDS - 1)
    assert known_by(rules, "r", day) != known_by(rules, "r", day + DAY_SECONDS)
    assert known_by((BY_HEADER,), "r", day) == known_by((BY_HEADER,), "r", day + DAY_SECONDS)


def test_a_header_is_taken_and_the_rest_when_it_is_due() -> None:
    decision = Decision(Action.HEADERS, "later", ("t",), rest_after_days=7)
    rest = Fetch(LISTED, Reason.REST, replace(decision, action=Action.FETCH))
    young, old = (not_kept(State.HEADERS, "later", days) for days in (6, 7))

    assert Peek(LISTED, Reason.FOR_RULE) == step(ruled(HEADER))
    has_header = Looked(decision, has_header=True)
    assert Skip(LISTED, Reason.HEADER_ONLY, "later") == looked(ruled(HEADER), has_header)
    assert Skip(LISTED, Reason.HEADER_ONLY, "later") == step(ruled(HEADER), a=young)
    assert rest == step(ruled(HEADER), a=old)
    assert rest == looked(ruled(HEADER), has_header, a=old)
    assert isinstance(step(ruled(), a=young), Fetch)


def test_a_header_that_is_not_to_be_had_cannot_stand_for_the_whole() -> None:
    decision = Decision(Action.HEADERS, "later")

    assert isinstance(looked(ruled(HEADER), Looked(decision)), Fetch)
    unnamed = Listed(1, 100, None)
    (only,) = plan([unnamed], {}, ruled(), Situation(NOW, {1: Looked(decision, has_header=True)}))
    assert isinstance(only, Fetch)


def test_what_is_beyond_a_limit_is_for_another_session() -> None:
    terms = ruled(limits=Limits(messages_per_session=1))
    listing = [LISTED, replace(LISTED, number=2, unique_id="b"), Listed(3, 100, "c")]

    steps = plan(listing, {"a": entry(), "c": not_kept(State.SEEN)}, terms)
    assert [Reason.DUE, Reason.NEW, Reason.SEEN] == [each.reason for each in steps]
    steps = plan(listing, {}, terms)
    assert [Reason.NEW, Reason.LIMIT, Reason.LIMIT] == [each.reason for each in steps]
    assert isinstance(steps[1], Skip)
    assert "messages_per_session" == steps[1].detail


# Known by another name


def test_what_may_be_known_by_another_name_is_looked_at() -> None:
    situation = Situation(NOW, lost_octets={100})

    assert [Peek(LISTED, Reason.FOR_MATCH)] == plan([LISTED], {}, Terms(), situation)
    moved = Looked(Decision(), known_as="old")
    assert Skip(LISTED, Reason.MOVED, "old") == looked(Terms(), moved)


@pytest.mark.parametrize(
    ("headers", "lost", "names"),
    [
        ([(1, 9, b"x")], [("a", 9, b"x")], {1: "a"}),
        ([(1, 9, b"x")], [("a", 8, b"x")], {}),
        ([(1, 9, b"x")], [("a", 9, b"y")], {}),
        ([(1, 9, b"x")], [("a", 9, None)], {}),
        ([(1, 9, b"x"), (2, 9, b"x")], [("a", 9, b"x")], {}),
        ([(1, 9, b"x")], [("a", 9, b"x"), ("b", 9, b"x")], {}),
        ([(1, 9, b"x"), (2, 9, b"y")], [("b", 9, b"y"), ("a", 9, b"x")], {1: "a", 2: "b"}),
    ],
)
def test_a_message_is_matched_one_to_one_or_not_at_all(
    headers: list[tuple[int, int, bytes]],
    lost: list[tuple[str, int, bytes | None]],
    names: dict[int, str],
) -> None:
    assert names == matched([Header(*row) for row in headers], [Lost(*row) for row in lost])


def test_one_message_under_two_names_is_one_and_what_is_listed_is_no_candidate() -> None:
    header = Header(1, 9, b"x")
    names = [Lost(name, 9, b"x", MessageId(1)) for name in ("a", "b")]

    assert matched([header], names)[1] in {"a", "b"}
    assert {} == matched([header], [*names, Lost("c", 9, b"x", MessageId(2))])
    assert {} == matched([header], [names[0], replace(names[1], is_there=True)])


def test_what_has_another_size_than_before_is_looked_at_or_fetched() -> None:
    known = replace(entry(), octets=99)
    with_header = replace(known, header_digest=b"x")

    assert Fetch(LISTED, Reason.CHANGED) == step(AT_ONCE, a=known)
    assert Peek(LISTED, Reason.FOR_MATCH) == step(AT_ONCE, a=with_header)
    fetch = Fetch(LISTED, Reason.CHANGED)
    assert fetch == looked(Terms(policy=AT_ONCE), Looked(Decision()), a=with_header)
    assert Remove(LISTED, Reason.DUE) == step(AT_ONCE, a=replace(known, octets=None))


def test_what_has_no_name_and_is_known_by_its_header_is_left_but_not_removed_for_that() -> None:
    unnamed = replace(LISTED, unique_id=None)
    situation = Situation(NOW, {1: Looked(Decision(), known_as="a")}, {100})

    def only(terms: Terms | LeavePolicy, known: LedgerEntry) -> Step:
        (found,) = plan([unnamed], {"a": known}, terms, situation)
        return found

    assert Skip(unnamed, Reason.LEFT) == only(LeavePolicy(), entry())
    assert Skip(unnamed, Reason.TOO_YOUNG) == only(LeavePolicy(1), entry())
    for policy in (AT_ONCE, LeavePolicy(when_archived=True)):
        assert Fetch(unnamed, Reason.UNNAMED) == only(policy, entry())
    assert Fetch(unnamed, Reason.UNNAMED) == only(LeavePolicy(), not_kept(State.SKIPPED, "list"))
    peek = [Peek(unnamed, Reason.FOR_MATCH)]
    assert peek == plan([unnamed], {}, LeavePolicy(), Situation(NOW, lost_octets={100}))


# Listings


def test_a_unique_id_of_two_messages_is_none() -> None:
    listing = [Listed(1, 1, "a"), Listed(2, 2, "b"), Listed(3, 3, "a"), Listed(4, 4, None)]

    expected = [Listed(1, 1, None), Listed(2, 2, "b"), Listed(3, 3, None), Listed(4, 4, None)]
    assert expected == list(listing_of(listing).without_shared_names())


def test_an_unsure_removal_is_settled_by_the_next_listing() -> None:
    found = list(settled({"a"}, ["a", "b", "sha256 00"]))

    assert [("a", Removal.NONE), ("b", Removal.DONE)] == found


# Whatever there is

SMALL = st.none() | st.integers(1, 9)
NAMES = st.none() | st.sampled_from("abcdef")
LISTINGS = st.lists(st.tuples(st.integers(0, 9), NAMES), max_size=8).map(
    lambda rows: [Listed(number, *row) for number, row in enumerate(rows, start=1)]
)
KEPT = st.builds(
    LedgerEntry,
    st.just(MessageId(1)),
    st.integers(0, 30).map(lambda days: int(NOW - days * DAY_SECONDS)),
    st.sampled_from(Removal),
    octets=SMALL,
    vanished_at=st.sampled_from([None, 1]),
    verified_at=st.sampled_from([None, 1]),
    damaged_at=st.sampled_from([None, None, 1]),
    missing_octets=st.sampled_from([0, 0, 7]),
)
OTHERS = st.builds(
    not_kept,
    st.sampled_from([State.SEEN, State.HEADERS, State.SKIPPED]),
    st.sampled_from(["big", "list", "later", "gone"]),
    st.integers(0, 30),
)
LEDGERS = st.dictionaries(st.sampled_from("abcdef"), KEPT | OTHERS)
POLICIES = st.builds(LeavePolicy, st.none() | st.integers(0, 30), SMALL, st.booleans(), SMALL)
RULES = st.lists(st.sampled_from([BY_SIZE, BY_HEADER, HEADER]), unique=True).map(tuple)
LIMITS = st.builds(Limits, SMALL, SMALL, SMALL)
TERMS = st.builds(Terms, st.just("r"), POLICIES, st.booleans(), RULES, LIMITS)
DECISIONS = st.builds(Decision, st.sampled_from(Action), st.sampled_from(["list", "later", None]))
SITUATIONS = st.builds(
    Situation,
    st.just(NOW),
    st.dictionaries(st.integers(1, 8), st.builds(Looked, DECISIONS, has_header=st.booleans())),
    st.frozensets(st.integers(1, 9)),
)


@given(LISTINGS, LEDGERS, TERMS, SITUATIONS)
def test_each_message_has_one_step_in_the_order_of_the_listing(
    listing: list[Listed], ledger: dict[str, LedgerEntry], terms: Terms, situation: Situation
) -> None:
    named = list(listing_of(listing).without_shared_names())

    assert named == [each.listed for each in plan(named, ledger, terms, situation)]


# Much of it is due: else what is removed would tell little.
NAMED = st.lists(st.sampled_from("abcdef"), min_size=3, unique=True).map(
    lambda names: [Listed(number, 1, name) for number, name in enumerate(names, start=1)]
)
DUE = st.dictionaries(
    st.sampled_from("abcdef"), KEPT.map(lambda known: replace(known, octets=None)), min_size=5
)
FEW = st.sampled_from([None, None, None, 1])
REMOVING = st.builds(
    Terms,
    st.just("r"),
    st.builds(LeavePolicy, st.sampled_from([0, 15]), FEW, st.booleans(), FEW),
    st.sampled_from([False, False, True]),
)


@settings(max_examples=300)
@given(NAMED, DUE, REMOVING, SITUATIONS)
def test_whatever_is_removed_is_kept_whole_and_every_condition_holds(
    listing: list[Listed], ledger: dict[str, LedgerEntry], terms: Terms, situation: Situation
) -> None:
    named = list(listing_of(listing).without_shared_names())
    removed = [s.listed for s in plan(named, ledger, terms, situation) if isinstance(s, Remove)]

    policy = terms.policy
    for listed in removed:
        known = ledger[listed.unique_id or ""]
        assert known.message is not None
        assert known.removal is not Removal.DONE
        assert (known.damaged_at, known.missing_octets) == (None, 0)
        assert (False, False) == (terms.is_reader, policy.is_for_ever)
        assert not policy.after_backups
        assert NOW - known.collected_at >= (policy.delete_after_days or 0) * DAY_SECONDS
        assert len(named) - named.index(listed) > (policy.keep_newest or 0)
        assert known.verified_at is not None or not policy.when_archived


@given(LISTINGS, LEDGERS, TERMS, SITUATIONS)
def test_nothing_that_is_known_for_sure_is_fetched_or_looked_at(
    listing: list[Listed], ledger: dict[str, LedgerEntry], terms: Terms, situation: Situation
) -> None:
    for each in plan(listing_of(listing).without_shared_names(), ledger, terms, situation):
        known = ledger.get(each.listed.unique_id or "")
        if isinstance(each, Fetch | Peek) and known is not None:
            is_other = known.octets != each.listed.octets
            is_doubtful = known.removal is Removal.DONE or is_other
            is_partly = known.state in {State.HEADERS, State.SKIPPED}
            assert is_doubtful or is_partly or known.damaged_at is not None


@given(LISTINGS, LEDGERS, POLICIES, st.booleans())
def test_without_rules_and_limits_whatever_is_unknown_is_fetched(
    listing: list[Listed], ledger: dict[str, LedgerEntry], policy: LeavePolicy, is_reader: bool
) -> None:
    named = list(listing_of(listing).without_shared_names())

    for each in plan(named, ledger, Terms("r", policy, is_reader)):
        assert isinstance(each, Fetch) or each.listed.unique_id in ledger


@given(LISTINGS, st.frozensets(st.integers(0, 9)))
def test_a_header_that_is_not_to_be_had_makes_a_message_be_fetched(
    listing: list[Listed], sizes: frozenset[int]
) -> None:
    undecided = Looked(Decision(is_undecided=True))
    looks = {listed.number: undecided for listed in listing}
    situation = Situation(NOW, looks, sizes)

    for each in plan(listing_of(listing).without_shared_names(), {}, ruled(BY_HEADER), situation):
        assert isinstance(each, Fetch)


@given(LISTINGS, LEDGERS, POLICIES)
def test_a_plan_that_was_carried_out_has_nothing_more_to_fetch(
    listing: list[Listed], ledger: dict[str, LedgerEntry], policy: LeavePolicy
) -> None:
    distinct = listing_of(listing).without_shared_names()
    named = [listed for listed in distinct if listed.unique_id]
    fetched = [s.listed.unique_id for s in plan(named, ledger, policy) if isinstance(s, Fetch)]
    after = ledger | {unique_id or "": entry() for unique_id in fetched}

    assert not [s for s in plan(named, after, policy) if isinstance(s, Fetch)]
