"""The query that reads a maildrop agrees with the rule that decides what a view shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.clock import DAY_SECONDS
from pillarbox.store.views.policy import AccountPolicy, Removal, ViewPolicy, expire_days
from pillarbox.store.views.visibility import Facts, in_one_session, is_shown, rule_of
from tests.store.devices import MAIN, Household

NOW = 40 * DAY_SECONDS
TIMES = st.integers(0, 40).map(lambda day: day * DAY_SECONDS)
MAYBE = st.none() | TIMES
FACTS = st.builds(Facts, TIMES, MAYBE, MAYBE, MAYBE)
DAYS = st.none() | st.integers(0, 41)
VIEWS = st.builds(ViewPolicy, window_days=DAYS, window_since=MAYBE, retention_days=DAYS)
ACCOUNTS = st.builds(AccountPolicy, reach_days=st.integers(1, 30), removal=st.sampled_from(Removal))


@pytest.mark.slow
@given(st.lists(FACTS, max_size=8), ACCOUNTS, VIEWS)
def test_the_query_shows_what_the_rule_shows(
    tmp_path_factory: pytest.TempPathFactory,
    facts: list[Facts],
    account: AccountPolicy,
    view: ViewPolicy,
) -> None:
    household = Household(tmp_path_factory.mktemp("rules"), account)
    household.clock.advance(NOW - household.now)
    household.run(
        "UPDATE views SET window_days = ?, window_since = ?, retention_days = ?",
        view.window_days,
        view.window_since,
        view.retention_days,
    )
    ids = [household.deliver() for _ in facts]
    for number, each in enumerate(facts, start=1):
        household.run(
            "UPDATE messages SET arrived_at = ?, removal_wanted_at = ? WHERE id = ?",
            each.arrived_at,
            each.wanted_at,
            number,
        )
        if (each.had_at, each.hidden_at) != (None, None):
            household.run(
                "INSERT INTO view_messages VALUES (?, 1, ?, ?, NULL)",
                number,
                each.had_at,
                each.hidden_at,
            )
    rule = rule_of(account, view, NOW)

    shown = household.shown(MAIN)

    household.database.close()
    assert shown == [name for name, each in zip(ids, facts, strict=True) if is_shown(each, rule)]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=12), st.integers(0, 40))
def test_a_session_shows_what_was_had_and_the_oldest_of_the_rest(
    messages: list[tuple[bool, int]], most: int
) -> None:
    shown = list(in_one_session(messages, most))

    new = [(is_in, octets) for (had, octets), is_in in zip(messages, shown, strict=True) if not had]
    taken = [octets for is_in, octets in new if is_in]
    left = [octets for is_in, octets in new if not is_in]
    assert all(is_in for (had, _), is_in in zip(messages, shown, strict=True) if had)
    assert [is_in for is_in, _ in new] == [True] * len(taken) + [False] * len(left)
    assert sum(taken) <= most or len(taken) == 1
    assert not left or sum(taken) + left[0] > most
    assert taken or not new


@given(TIMES, ACCOUNTS, VIEWS)
def test_a_message_is_shown_for_as_many_days_as_expire_says(
    arrived_at: int, account: AccountPolicy, view: ViewPolicy
) -> None:
    facts = Facts(max(arrived_at, view.window_since or 0))
    days = expire_days(account, view)
    last = facts.arrived_at + (1000 if days is None else days) * DAY_SECONDS - 1

    assert is_shown(facts, rule_of(account, view, last))
    assert days is None or not is_shown(facts, rule_of(account, view, last + 1))
