"""Rules and limits as the configuration says them, and what in them is refused."""

from pathlib import Path

import pytest

from pillarbox.app.build import opened
from pillarbox.app.config import load
from pillarbox.app.first_run import make_home
from pillarbox.app.home import Home
from pillarbox.app.rules import limits_of, refuse_unknown_remotes, routes_of, ruled, rules_of
from pillarbox.app.settings import Collect
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId
from pillarbox.collector.limits import Limits
from pillarbox.collector.rules import Action, FieldTest, Rule
from tests.collector.rig import SOURCE

WHOLE = """
[collect]
octets_per_message = 50
octets_per_day = 70
[[collect.remote]]
name = "Provider"
octets_per_day = 90
octets_per_message = 0
[[collect.rule]]
name = "a list"
remote = "Provider"
header = { List-Id = "one", Subject = ["two", "*three"] }
larger_than = 10
smaller_than = 20
older_than_days = 30
tags = ["t", "u"]
set_aside = "spam"
account = "Other"
action = "headers"
rest_after_days = 2
[[collect.rule]]
name = "tag"
tags = ["v"]
"""


def collect_of(folder: Path, text: str) -> Collect:
    home = Home(folder)
    home.configuration.write_text(text, "utf-8")
    return load(home).collect


def test_a_rule_says_all_that_the_collector_knows(tmp_path: Path) -> None:
    rules = rules_of(collect_of(tmp_path, WHOLE))

    expected = Rule(
        "a list",
        Action.HEADERS,
        "provider",
        (FieldTest("list-id", ("one",)), FieldTest("subject", ("two", "*three"))),
        10,
        20,
        30,
        ("t", "u"),
        "spam",
        "other",
        2,
    )
    assert (expected, Rule("tag", tags=("v",))) == rules


def test_a_remote_has_the_limits_of_all_where_it_says_nothing_else(tmp_path: Path) -> None:
    collect = collect_of(tmp_path, WHOLE)

    assert Limits(octets_per_day=90) == limits_of(collect, "provider")
    assert Limits(octets_per_message=50, octets_per_day=70) == limits_of(collect, "another")
    assert Limits() == limits_of(Collect(), "provider")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ('name = "a"', "does nothing"),
        ('name = "a"\naction = "skip"\ntags = ["t"]', "skips, so"),
        ('name = "a"\naction = "skip"\nrest_after_days = 1', "rest_after_days"),
        ('name = "a"\naction = "skip"\nlarger_than = 9\nsmaller_than = 10', "as large and"),
        ('name = "a"\naction = "skip"\nsmaller_than = 0', "as large and"),
        ('name = "a"\naction = "skip"\nheader = { From = [] }', "without a pattern"),
        ('name = "a"\naction = "skip"\nheader = { From = "" }', "header"),
        ('name = "a"\naction = "skip"\nheader = { "a b" = "c" }', "header"),
        ('name = "a"\naction = "delete"', "action"),
        ('name = "a"\naction = "skip"\nfrom = "b"', "from"),
        ('name = "a"\ntags = ["a b"]', "tags"),
        ('name = "a\\n"\naction = "skip"', "name"),
        ('name = "a"\ntags = ["t"]\n[[collect.rule]]\nname = "a"\ntags = ["t"]', "two rules"),
        ('name = "a"\ntags = ["t"]\n[[collect.remote]]\nname = "b"\n' * 2, "two rules"),
    ],
)
def test_what_a_rule_cannot_mean_is_refused(lines: str, why: str, tmp_path: Path) -> None:
    text = f"[[collect.rule]]\n{lines}".replace('"b"\nname', '"b"\n[[collect.rule]]\nname')

    with pytest.raises(OperatorFault, match=why):
        collect_of(tmp_path, text)


def test_two_tables_for_one_remote_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match="two tables"):
        collect_of(tmp_path, '[[collect.remote]]\nname = "b"\n[[collect.remote]]\nname = "B"\n')


def test_a_remote_that_there_is_not_is_told_with_its_place(tmp_path: Path) -> None:
    collect = collect_of(tmp_path, WHOLE)

    refuse_unknown_remotes(collect, {"provider"})
    with pytest.raises(OperatorFault, match=r"'a list'.* no remote 'Provider'"):
        refuse_unknown_remotes(collect, {"another"})


def test_a_route_to_an_unknown_account_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    rules = rules_of(collect_of(tmp_path, WHOLE))

    assert {"other": AccountId(7)} == routes_of(rules, "provider", lambda _name: AccountId(7))
    assert {} == routes_of(rules, "another", lambda _name: None)
    with pytest.raises(OperatorFault, match="'a list' sends mail to the account 'other'"):
        routes_of(rules, "provider", lambda _name: None)


def test_a_source_gets_what_the_configuration_says_of_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make_home(home, "localhost", str)
    text = home.configuration.read_text("utf-8").replace("octets_per_day = 0", "octets_per_day = 9")
    rule = '[[collect.rule]]\nname = "all"\naccount = "other"\n'
    home.configuration.write_text(text + rule, "utf-8")

    with opened(home) as system:
        with pytest.raises(OperatorFault, match="'all' sends mail to the account 'other'"):
            ruled(SOURCE, system.collect, system.accounts, system.remotes)
        other = system.accounts.add("other")
        source = ruled(SOURCE, system.collect, system.accounts, system.remotes)

    assert (Rule("all", account="other"),) == source.rules
    assert Limits(octets_per_day=9) == source.limits
    assert {"other": other.id} == source.accounts
