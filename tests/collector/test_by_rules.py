"""Collecting by rules and within limits, from the fake server into a home."""

from dataclasses import replace

import pytest

from pillarbox.archive.ledger import State
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.base.names import AccountId
from pillarbox.collector.limits import Counts, Limits
from pillarbox.collector.outcome import Outcome
from pillarbox.collector.rules import Action, FieldTest, Rule
from tests.archive.home import ACCOUNT, REMOTE, Home
from tests.client.fake_server import HANG_UP, FakeServer
from tests.collector.rig import SOURCE, collect, deleting, without

SPAM = b"Subject: SPAM\r\n\r\nBuy.\r\n"
HAM = b"Subject: ham\r\n\r\nEat.\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"x" * 5000 + b"\r\n"
OTHER = AccountId(2)
IS_SPAM = (FieldTest("subject", ("spam",)),)


def server() -> FakeServer:
    return FakeServer({"spam": SPAM, "ham": HAM, "large": LARGE})


def states(home: Home) -> dict[str, State]:
    return {name: entry.state for name, entry in home.ledger.entries(REMOTE).items()}


def test_a_rule_on_the_header_skips_and_the_message_stays_for_ever(home: Home) -> None:
    fake = server()
    source = replace(deleting(0), rules=(Rule("no spam", Action.SKIP, fields=IS_SPAM),))

    first = collect(home, fake, source)
    second = collect(home, fake, source)

    assert (Outcome.MAIL, Outcome.NONE) == (first.outcome, second.outcome)
    assert (1, 1) == (first.skipped, second.skipped)
    assert {HAM, LARGE} == set(home.contents())
    assert {"spam": SPAM} == fake.messages
    assert State.SKIPPED == states(home)["spam"]
    assert "no spam" == home.ledger.entries(REMOTE)["spam"].rule
    assert 3 == fake.count(b"TOP")  # each header was looked at once


def test_a_rule_on_size_alone_looks_at_no_header(home: Home) -> None:
    fake = server()
    source = replace(SOURCE, rules=(Rule("large", Action.SKIP, larger_than=1000),))

    collect(home, fake, source)

    assert {HAM, SPAM} == set(home.contents())
    assert 0 == fake.count(b"TOP")


@pytest.mark.parametrize(
    "fake",
    [
        FakeServer({"spam": SPAM, "ham": HAM}, without("TOP"), says={b"TOP": b"-ERR what?\r\n"}),
        FakeServer({"spam": SPAM, "ham": HAM}, says={b"TOP": b"-ERR not now\r\n"}),
        FakeServer({"spam": b"garbage\r\n" + SPAM, "ham": HAM}),
    ],
    ids=["no TOP", "TOP refused", "garbled"],
)
def test_what_cannot_be_decided_is_fetched(fake: FakeServer, home: Home) -> None:
    source = replace(SOURCE, rules=(Rule("no spam", Action.SKIP, fields=IS_SPAM),))

    collect(home, fake, source)

    assert set(fake.messages.values()) == set(home.contents())


def test_a_rule_that_is_gone_lets_come_what_it_skipped(home: Home) -> None:
    fake = server()
    collect(home, fake, replace(SOURCE, rules=(Rule("no", Action.SKIP, fields=IS_SPAM),)))

    collect(home, fake, SOURCE)

    assert {HAM, SPAM, LARGE} == set(home.contents())


def test_the_header_is_taken_now_and_the_rest_after_its_days(home: Home) -> None:
    fake = server()
    rule = Rule("large", Action.HEADERS, larger_than=1000, rest_after_days=2)
    source = replace(deleting(0), rules=(rule,))

    collect(home, fake, source)
    before = set(home.contents())
    home.clock.advance(2 * DAY_SECONDS - 1)
    collect(home, fake, source)
    still = states(home)["large"]
    home.clock.advance(1)
    collect(home, fake, source)

    assert {HAM, SPAM} == before
    assert State.HEADERS == still
    assert {HAM, SPAM, LARGE} == set(home.contents())
    assert State.KEPT == states(home)["large"]


def test_a_rule_tags_sets_aside_and_sends_to_another_account(home: Home) -> None:
    rules = (
        Rule("tag", tags=("junk",), fields=IS_SPAM),
        Rule("aside", set_aside="spam", account="other", fields=IS_SPAM),
    )
    source = replace(SOURCE, rules=rules, accounts={"other": OTHER}, into_maildrop=True)

    collect(home, server(), source)

    with home.database.reading() as rows:
        found = rows.all(
            "SELECT account_id, state, set_aside, tag FROM messages"
            " LEFT JOIN message_tags ON message_id = id ORDER BY account_id DESC"
        )
    plain = (ACCOUNT, "maildrop", None, None)
    assert [(OTHER, "archive", "spam", "junk"), plain, plain] == list(map(tuple, found))


def test_beyond_a_limit_messages_stay_for_the_next_session(home: Home) -> None:
    fake = server()
    source = replace(deleting(0), limits=Limits(messages_per_session=2))

    first = collect(home, fake, source)
    left = set(fake.messages)
    second = collect(home, fake, source)

    assert (2, 1, 1, 0) == (first.collected, first.held_back, second.collected, second.held_back)
    assert {"large"} == left
    assert {HAM, SPAM, LARGE} == set(home.contents())


def test_what_was_fetched_earlier_today_counts(home: Home) -> None:
    source = replace(SOURCE, limits=Limits(messages_per_day=5), day=Counts(4, 400))

    result = collect(home, server(), source)

    assert (1, 2) == (result.collected, result.held_back)
    assert [SPAM] == home.contents()


def test_a_message_beyond_the_limit_for_one_stays_and_holds_up_nobody(home: Home) -> None:
    fake = server()
    fake.messages = {"large": LARGE} | fake.messages
    source = replace(deleting(0), limits=Limits(octets_per_message=1000))

    collect(home, fake, source)

    assert {HAM, SPAM} == set(home.contents())
    assert {"large": LARGE} == fake.messages


def test_the_rest_comes_at_once_where_a_person_asks_for_it(home: Home) -> None:
    fake = server()
    rules = (
        Rule("tag", tags=("t",)),
        Rule("large", Action.HEADERS, larger_than=1000),
        Rule("spam", Action.HEADERS, fields=IS_SPAM),
    )
    source = replace(SOURCE, rules=rules, limits=Limits(octets_per_message=20))
    collect(home, fake, source)
    before = home.contents()

    wanted = home.ledger.want(REMOTE, ["large", "spam", "unknown"])
    first = collect(home, fake, source)
    second = collect(home, fake, source)

    assert [] == before
    assert 2 == wanted
    assert (2, 0) == (first.collected, second.collected)
    assert {SPAM, LARGE} == set(home.contents())
    assert State.KEPT == states(home)["large"]


def test_what_was_asked_for_is_not_forgotten_by_a_cut(home: Home) -> None:
    fake = server()
    source = replace(SOURCE, rules=(Rule("spam", Action.HEADERS, fields=IS_SPAM),))
    collect(home, fake, source)

    home.ledger.want(REMOTE, ["spam"])
    fake.says[b"RETR"] = HANG_UP
    collect(home, fake, source)
    del fake.says[b"RETR"]
    collect(home, fake, source)

    assert {HAM, SPAM, LARGE} == set(home.contents())


# Rules that change, and limits that spare headers


def test_what_was_skipped_is_judged_again_by_a_rule_that_was_changed(home: Home) -> None:
    fake = server()
    rule = Rule("no spam", Action.SKIP, fields=IS_SPAM)
    collect(home, fake, replace(SOURCE, rules=(rule,)))
    changed = replace(SOURCE, rules=(replace(rule, fields=(FieldTest("subject", ("ham",)),)),))

    collect(home, fake, changed)

    assert {HAM, SPAM, LARGE} == set(home.contents())


def test_other_rules_that_come_to_the_same_are_asked_once(home: Home) -> None:
    fake = server()
    rule = Rule("no spam", Action.SKIP, fields=IS_SPAM)
    collect(home, fake, replace(SOURCE, rules=(rule,)))
    looked = fake.count(b"TOP")

    for _ in range(2):
        collect(home, fake, replace(SOURCE, rules=(replace(rule, name="other"),)))

    assert looked + 1 == fake.count(b"TOP")
    assert "other" == home.ledger.entries(REMOTE)["spam"].rule


def test_within_limits_few_headers_are_asked_for_in_vain(home: Home) -> None:
    fake = FakeServer({f"a{n}": b"Subject: %d\r\n\r\n" % n for n in range(200)})
    rules = (Rule("no spam", Action.SKIP, fields=IS_SPAM),)
    source = replace(SOURCE, rules=rules, limits=Limits(messages_per_session=5))

    for session in range(1, 5):
        result = collect(home, fake, source)
        assert (5, 200 - 5 * session) == (result.collected, result.held_back)
    assert fake.count(b"TOP") <= 4 * 12


def test_behind_what_is_skipped_limits_are_used_up(home: Home) -> None:
    mail = {f"s{n}": SPAM for n in range(150)} | {f"h{n}": HAM + b"%d\r\n" % n for n in range(9)}
    fake = FakeServer(mail)
    rules = (Rule("no spam", Action.SKIP, fields=IS_SPAM),)
    source = replace(SOURCE, rules=rules, limits=Limits(messages_per_session=5))

    result = collect(home, fake, source)

    assert (5, 150, 4) == (result.collected, result.skipped, result.held_back)


def test_of_what_is_too_large_no_header_is_asked_for_in_vain(home: Home) -> None:
    fake = server()
    rules = (Rule("no spam", Action.SKIP, fields=IS_SPAM),)
    source = replace(SOURCE, rules=rules, limits=Limits(octets_per_message=1000))

    result = collect(home, fake, source)

    assert (1, 1, 1) == (result.collected, result.skipped, result.held_back)
    assert 2 == fake.count(b"TOP")


def test_headers_are_asked_for_many_at_a_time(home: Home) -> None:
    fake = FakeServer({f"a{n}": b"Subject: %d\r\n\r\n" % n for n in range(50)})
    rules = (Rule("no", Action.SKIP, fields=(FieldTest("subject", ("*",)),)),)

    assert 50 == collect(home, fake, replace(SOURCE, rules=rules)).skipped
    assert fake.most_lines_at_once > 9
