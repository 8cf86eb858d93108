"""Rules: one decision for every message, by its size and its header; in doubt it is fetched."""

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.collector.rules import (
    MOST_HEADER_OCTETS,
    Action,
    Candidate,
    Decision,
    FieldTest,
    Peeked,
    Rule,
    Rules,
    Undecided,
    decide,
    hastened,
    rest_is_due,
)

NOW = 1_800_000_000.0
SKIPPED = Decision(Action.SKIP, "a")
SPAM = (FieldTest("subject", ("spam",)),)
SKIP_SPAM = Rule("no spam", Action.SKIP, fields=SPAM)
NOT_SO_LARGE = Rule("not so large", Action.SKIP, larger_than=1000)


def judged(
    *rules: Rule, header: bytes | Peeked = Peeked.NOT_YET, octets: int = 100
) -> Decision | Undecided:
    return decide(rules, Candidate("gmail", octets, header), NOW)


def holds(pattern: str, subject: str) -> bool:
    rule = Rule("this", Action.SKIP, fields=(FieldTest("subject", (pattern,)),))
    header = b"To: mrose\r\nSubject: " + subject.encode() + b"\r\n\r\n"
    return judged(rule, header=header) == Decision(Action.SKIP, "this")


def dated(days: float) -> bytes:
    date = datetime.fromtimestamp(NOW - days * DAY_SECONDS, UTC)
    return b"Date: " + format_datetime(date).encode() + b"\r\n"


def test_without_rules_all_is_fetched() -> None:
    assert Decision() == judged()


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("sale", "Summer SALE today"),
        ("sale", "\uff33\uff21\uff2c\uff25"),
        ("ｾｰﾙ", "夏のセール"),
        ("東京", "=?iso-2022-jp?B?GyRCRWw1fhsoQg==?="),
        ("", "anything"),
        ("a*c", "abc"),
        ("a*c", "ac"),
        ("*b*", "abc"),
        ("*", ""),
        ("a*b*b*c", "abbc"),
        ("ready?", "Are you ready?"),
    ],
)
def test_a_pattern_is_found_in_the_decoded_field(pattern: str, subject: str) -> None:
    assert holds(pattern, subject)


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("sale", "sail"),
        ("a*c", "xabc"),
        ("a*c", "abcx"),
        ("ab*ba", "aba"),
        ("a*b*b*c", "abc"),
        ("*x*", "abc"),
        ("read?", "ready"),
    ],
)
def test_what_a_pattern_is_not_found_in(pattern: str, subject: str) -> None:
    assert not holds(pattern, subject)


def test_any_field_of_the_name_may_hold_any_of_the_patterns() -> None:
    rule = Rule("a", Action.SKIP, fields=(FieldTest("received", ("one", "two")),))

    header = b"Received: three\r\nReceived: two\r\n"
    assert Decision(Action.SKIP, "a") == judged(rule, header=header)
    assert Decision() == judged(rule, header=b"Received: three\r\n")
    assert Decision() == judged(rule, header=b"To: two\r\n")


def test_all_conditions_must_hold() -> None:
    rule = Rule("a", Action.SKIP, fields=(*SPAM, FieldTest("from", ("shop",))))

    assert Decision() == judged(rule, header=b"Subject: spam\r\nFrom: friend\r\n")
    assert Decision(Action.SKIP, "a") == judged(rule, header=b"Subject: spam\r\nFrom: shop\r\n")


@pytest.mark.parametrize(("octets", "expected"), [(1000, Action.FETCH), (1001, Action.SKIP)])
def test_a_rule_by_size_needs_no_header(octets: int, expected: Action) -> None:
    decision = judged(NOT_SO_LARGE, octets=octets)

    assert isinstance(decision, Decision)
    assert expected is decision.action


def test_a_rule_may_ask_for_what_is_small() -> None:
    rule = Rule("small", Action.SKIP, smaller_than=100)

    assert Decision() == judged(rule, octets=100)
    assert Decision(Action.SKIP, "small") == judged(rule, octets=99)


def test_a_rule_of_another_remote_is_not_asked() -> None:
    assert Decision() == judged(Rule("a", Action.SKIP, remote="yahoo", fields=SPAM))
    assert Decision(Action.SKIP, "a") == judged(Rule("a", Action.SKIP, remote="gmail"))


def test_the_date_field_says_how_old_a_message_is() -> None:
    rule = Rule("old", Action.SKIP, older_than_days=30)

    assert Undecided.NEEDS_HEADER == judged(rule)
    assert Decision() == judged(rule, header=dated(29.9))
    assert Decision(Action.SKIP, "old") == judged(rule, header=dated(30.1))
    assert Decision() == judged(rule, header=dated(-1))


def test_the_first_rule_that_decides_does() -> None:
    friends = Rule("friends", Action.FETCH, fields=(FieldTest("from", ("friend",)),))

    header = b"From: friend\r\nSubject: spam\r\n"
    assert Decision(rule="friends") == judged(friends, SKIP_SPAM, header=header)
    assert Decision(Action.SKIP, "no spam") == judged(SKIP_SPAM, friends, header=header)


def test_rules_that_only_tag_add_up_until_one_decides() -> None:
    rules = (
        Rule("one", tags=("b", "a")),
        Rule("two", tags=("c", "a")),
        Rule("three", tags=("d",), account="other", set_aside="spam"),
        Rule("four", tags=("e",)),
    )

    expected = Decision(
        Action.FETCH, "three", ("a", "b", "c", "d"), set_aside="spam", account="other"
    )
    assert expected == judged(*rules)
    assert Decision(tags=("a", "b", "c")) == judged(*rules[:2])


def test_what_is_skipped_has_no_tags() -> None:
    assert Decision(Action.SKIP, "a") == judged(Rule("t", tags=("t",)), Rule("a", Action.SKIP))


def test_a_header_is_needed_where_it_may_change_what_is_done() -> None:
    assert Undecided.NEEDS_HEADER == judged(SKIP_SPAM)
    assert Undecided.NEEDS_HEADER == judged(Rule("t", tags=("t",), fields=SPAM))


def test_no_header_is_needed_where_it_changes_nothing() -> None:
    large = judged(SKIP_SPAM, NOT_SO_LARGE, octets=2000)
    tagged = judged(Rule("t", tags=("t",), fields=SPAM), NOT_SO_LARGE, octets=2000)
    decided = judged(Rule("all", Action.FETCH), SKIP_SPAM)

    assert Decision(Action.SKIP, "not so large") == large == tagged
    assert Decision(rule="all") == decided


@pytest.mark.parametrize(
    "header",
    [
        Peeked.NOT_TO_BE_HAD,
        b"Subject: spam\r\ngarbage\r\n",
        b"Subject: spam\r\n" + b"X: y\r\n" * (MOST_HEADER_OCTETS // 6),
    ],
)
def test_what_cannot_be_decided_is_fetched(header: bytes | Peeked) -> None:
    assert Decision(is_undecided=True) == judged(SKIP_SPAM, header=header)


def test_a_message_without_a_date_cannot_be_decided_by_its_age() -> None:
    rule = Rule("old", Action.SKIP, older_than_days=30)

    assert Decision(is_undecided=True) == judged(rule, header=b"Subject: a\r\n")


def test_what_cannot_be_decided_is_fetched_even_where_a_later_rule_would_skip_it() -> None:
    friends = Rule("friends", Action.FETCH, fields=SPAM)

    decision = judged(friends, NOT_SO_LARGE, header=Peeked.NOT_TO_BE_HAD, octets=2000)

    assert Decision(is_undecided=True) == decision


def test_what_cannot_be_decided_goes_where_a_rule_without_a_doubt_sends_it() -> None:
    route = Rule("all", tags=("t",), account="other")

    decision = judged(SKIP_SPAM, route, header=Peeked.NOT_TO_BE_HAD)

    assert Decision(rule="all", tags=("t",), account="other", is_undecided=True) == decision


@pytest.mark.parametrize(
    ("rest_after", "expire", "expected"),
    [(None, 5, 4), (9, 5, 4), (2, 5, 2), (9, 1, 0), (9, 0, 0), (9, None, 9), (None, None, None)],
)
def test_the_rest_comes_a_day_before_the_server_removes_it(
    rest_after: int | None, expire: int | None, expected: int | None
) -> None:
    later = Rule("later", Action.HEADERS, rest_after_days=rest_after)
    other = Rule("other", Action.SKIP)

    assert (replace(later, rest_after_days=expected), other) == hastened((later, other), expire)


def test_the_rest_is_due_after_its_days_or_where_no_rule_holds_it_back_any_more() -> None:
    later = Decision(Action.HEADERS, "a", rest_after_days=2)

    assert not rest_is_due(later, NOW - 1.9 * DAY_SECONDS, NOW)
    assert rest_is_due(later, NOW - 2 * DAY_SECONDS, NOW)
    assert not rest_is_due(Decision(Action.HEADERS, "a"), 0, NOW)
    assert not rest_is_due(SKIPPED, 0, NOW)
    assert rest_is_due(Decision(), NOW, NOW)


WORDS = ("one", "two", "three")
TESTS = st.builds(
    FieldTest, st.sampled_from(["from", "subject"]), st.tuples(st.sampled_from(WORDS))
)
RULES = st.lists(
    st.builds(
        Rule,
        name=st.sampled_from("abc"),
        action=st.none() | st.sampled_from(Action),
        remote=st.sampled_from([None, "gmail", "yahoo"]),
        fields=st.lists(TESTS, max_size=2).map(tuple),
        larger_than=st.none() | st.integers(0, 20),
        smaller_than=st.none() | st.integers(0, 20),
        older_than_days=st.none() | st.integers(0, 3),
        tags=st.lists(st.sampled_from("xyz"), max_size=2).map(tuple),
        set_aside=st.sampled_from([None, "spam"]),
        account=st.sampled_from([None, "other"]),
        rest_after_days=st.sampled_from([None, 1]),
    ),
    max_size=5,
).map(tuple)
LINES = [b"From: one", b"From: two", b"Subject: three", b"Date: x", dated(2).strip(), b"garbage"]
HEADERS = (
    st.binary(max_size=40)
    | st.lists(st.sampled_from(LINES)).map(b"\r\n".join)
    | st.just(Peeked.NOT_TO_BE_HAD)
)
OCTETS = st.integers(0, 20)


@given(RULES, OCTETS, HEADERS)
def test_every_message_has_one_decision_and_always_the_same(
    rules: Rules, octets: int, header: bytes | Peeked
) -> None:
    candidate = Candidate("gmail", octets, header)

    decision = decide(rules, candidate, NOW)

    assert isinstance(decision, Decision)
    assert decision == decide(rules, candidate, NOW)
    assert decision.rule in {None, *(rule.name for rule in rules)}
    assert decision.action is Action.FETCH or not decision.is_undecided


@given(RULES, OCTETS, HEADERS)
def test_what_is_decided_without_a_header_is_not_changed_by_it(
    rules: Rules, octets: int, header: bytes | Peeked
) -> None:
    before = decide(rules, Candidate("gmail", octets), NOW)
    after = decide(rules, Candidate("gmail", octets, header), NOW)

    assert isinstance(after, Decision)
    assert before is Undecided.NEEDS_HEADER or after.is_like(before)


@given(RULES, OCTETS)
def test_a_header_is_asked_for_only_by_a_rule_that_looks_into_it(rules: Rules, octets: int) -> None:
    by_listing = tuple(rule for rule in rules if not rule.fields and rule.older_than_days is None)

    assert isinstance(decide(by_listing, Candidate("gmail", octets), NOW), Decision)


@given(RULES, OCTETS)
@example((Rule("a", tags=("x",), fields=SPAM), Rule("b", Action.FETCH)), 1)
def test_where_a_header_is_asked_for_some_header_changes_what_is_done(
    rules: Rules, octets: int
) -> None:
    # Each rule has a field of its own, so that a header can be made for any of them alone.
    own = tuple(
        replace(rule, fields=(FieldTest(f"x-{n}", ("y",)),), older_than_days=None)
        if rule.fields or rule.older_than_days is not None
        else rule
        for n, rule in enumerate(rules)
    )
    if decide(own, Candidate("gmail", octets), NOW) is not Undecided.NEEDS_HEADER:
        return

    headers = [b"To: b", *(b"X-%d: y" % n for n in range(len(own)))]
    decisions = [decide(own, Candidate("gmail", octets, header), NOW) for header in headers]
    done = {replace(d, rule=None) for d in decisions if isinstance(d, Decision)}
    assert len(done) > 1


@given(RULES, OCTETS, HEADERS)
def test_no_rule_behind_the_one_that_decides_has_a_say(
    rules: Rules, octets: int, header: bytes | Peeked
) -> None:
    decision = decide(rules, Candidate("gmail", octets, header), NOW)
    assert isinstance(decision, Decision)
    everything = Rule("everything", Action.SKIP)

    if decision.rule is not None and not decision.is_undecided:
        assert decision == decide((*rules, everything), Candidate("gmail", octets, header), NOW)
