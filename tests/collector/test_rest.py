"""The rest of a message whose header was taken, when the rules do not say when it is due."""

from pillarbox.archive.ledger import State
from pillarbox.collector.plan import Fetch, Reason
from pillarbox.collector.rules import Action, Decision, known_by
from tests.collector.test_plan import HEADER, LISTED, NOW, not_kept, ruled, step


def test_a_header_that_no_rule_has_asked_for_is_made_whole() -> None:
    taken = not_kept(State.HEADERS, "another", judged_by=known_by((HEADER,), "r", NOW))

    now = Decision(Action.FETCH, "later", ("t",), rest_after_days=7)
    assert Fetch(LISTED, Reason.REST, now) == step(ruled(HEADER), a=taken)
