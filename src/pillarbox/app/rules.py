"""The configuration's rules and limits as the collector takes them, and what is wrong with them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.name import read_name
from pillarbox.accounts.remotes import Remotes
from pillarbox.app.settings import Collect, CollectRule
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId
from pillarbox.base.words import N_
from pillarbox.collector.limits import Limits
from pillarbox.collector.rules import Action, FieldTest, Rule, Rules
from pillarbox.collector.source import Source

LIMITS = Limits.__slots__

# What a rule says that is in no way meant; the first that is so is told.
MISTAKES: list[tuple[str, Callable[[CollectRule], bool]]] = [
    (
        N_(
            "{path}: the rule {rule!r} does nothing: give it an action, tags, set_aside or account."
        ),
        lambda rule: not (rule.action or rule.tags or rule.set_aside or rule.account),
    ),
    (
        N_("{path}: the rule {rule!r} skips, so its tags, set_aside and account are of no use."),
        lambda rule: rule.action == "skip" and bool(rule.tags or rule.set_aside or rule.account),
    ),
    (
        N_('{path}: the rule {rule!r} has rest_after_days, which only the action "headers" takes.'),
        lambda rule: rule.rest_after_days is not None and rule.action != "headers",
    ),
    (
        N_("{path}: no message can be as large and as small as the rule {rule!r} wants it."),
        lambda rule: (
            rule.smaller_than is not None
            and rule.smaller_than - 1 <= (-1 if rule.larger_than is None else rule.larger_than)
        ),
    ),
    (
        N_("{path}: the rule {rule!r} has a field of the header without a pattern."),
        lambda rule: () in rule.header.values(),
    ),
]


def refuse_mistakes(collect: Collect, path: Path) -> None:
    """Raise OperatorFault, which names the file, where rules or limits are in no way meant."""
    _refuse_twice(
        N_("{path}: two rules have the name {name!r}."), (rule.name for rule in collect.rule), path
    )
    _refuse_twice(
        N_("{path}: two tables [[collect.remote]] have the name {name!r}."),
        (_spelt(remote.name) for remote in collect.remote),
        path,
    )
    for rule in collect.rule:
        for template, is_so in MISTAKES:
            if is_so(rule):
                raise OperatorFault(template, path=path, rule=rule.name)


def refuse_unknown_remotes(collect: Collect, remotes: Collection[str]) -> None:
    """Raise OperatorFault where a rule or a limit is for a remote that there is not."""
    named = [(rule.name, rule.remote) for rule in collect.rule if rule.remote is not None]
    named += [("[[collect.remote]]", remote.name) for remote in collect.remote]
    for place, name in named:
        if _spelt(name) not in remotes:
            raise OperatorFault(
                "pillarbox.toml, collect, {place!r}: there is no remote {name!r}. Correct the name"
                " or take it out.",
                place=place,
                name=name,
            )


def rules_of(collect: Collect) -> Rules:
    """Return the rules in their order."""
    return tuple(map(_rule, collect.rule))


def limits_of(collect: Collect, remote: str) -> Limits:
    """Return the limits of one remote: its own, else those of all."""
    own = next((each for each in collect.remote if _spelt(each.name) == remote), None)
    values = {name: getattr(own, name, None) for name in LIMITS}
    return Limits(
        **{
            # 0 is how the file says: without end.
            name: (getattr(collect, name) if value is None else value) or None
            for name, value in values.items()
        }
    )


def routes_of(
    rules: Rules, remote: str, find: Callable[[str], AccountId | None]
) -> dict[str, AccountId]:
    """Return the accounts that the rules of a remote send mail to, by their names.

    Raises OperatorFault where one is unknown: asked before anything is fetched, so that no mail
    comes to lie with somebody whom the rule does not mean.
    """
    routes: dict[str, AccountId] = {}
    for rule in rules:
        if rule.account is not None and rule.remote in {None, remote}:
            account = find(rule.account)
            if account is None:
                raise OperatorFault(
                    "pillarbox.toml: the rule {rule!r} sends mail to the account {name!r}, and"
                    " there is none. Nothing is fetched until it is corrected.",
                    rule=rule.name,
                    name=rule.account,
                )
            routes[rule.account] = account
    return routes


def ruled(source: Source, collect: Collect, accounts: Accounts, remotes: Remotes) -> Source:
    """Return a source with the rules and limits that hold for it; raises OperatorFault."""
    refuse_unknown_remotes(collect, {remote.name for remote in remotes.list()})
    rules = rules_of(collect)
    return replace(
        source,
        rules=rules,
        limits=limits_of(collect, source.name),
        accounts=routes_of(rules, source.name, lambda name: _account(accounts, name)),
    )


def _account(accounts: Accounts, name: str) -> AccountId | None:
    found = accounts.find(name)
    return found.id if found else None


def _refuse_twice(template: str, names: Iterable[str], path: Path) -> None:
    name, times = next(iter(Counter(names).most_common(1)), ("", 0))
    if times > 1:
        raise OperatorFault(template, path=path, name=name)


def _spelt(name: str) -> str:
    return read_name(name) or name


def _rule(rule: CollectRule) -> Rule:
    return Rule(
        rule.name,
        Action(rule.action) if rule.action else None,
        _spelt(rule.remote) if rule.remote else None,
        tuple(
            FieldTest(name.lower(), (wanted,) if isinstance(wanted, str) else wanted)
            for name, wanted in rule.header.items()
        ),
        rule.larger_than,
        rule.smaller_than,
        rule.older_than_days,
        rule.tags,
        rule.set_aside,
        _spelt(rule.account) if rule.account else None,
        rule.rest_after_days,
    )
