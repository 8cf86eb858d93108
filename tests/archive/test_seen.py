"""What another program fetched: entered once, and never over what we know ourselves."""

from collections.abc import Iterator

import pytest

from pillarbox.archive.ledger import LedgerEntry, State
from pillarbox.archive.seen import Entered, enter_seen
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import RemoteId
from pillarbox.journal.audit import Audit
from tests.archive.home import REMOTE, Home


def test_messages_are_entered_as_seen_with_a_line_in_the_audit(home: Home) -> None:
    entered = enter_seen(home.database, REMOTE, ["a", "b"], 7.9, "mpop")

    entry = LedgerEntry(None, 7, state=State.SEEN)
    assert Entered(taken=2, known=0) == entered
    assert {"a": entry, "b": entry} == home.ledger.entries(REMOTE)
    ((line, account),) = Audit(home.database).lines()
    assert ("remote.seen", "mrose") == (line.event, account)
    assert '{"known":0,"listed_by":"mpop","remote":"first","taken":2}' == line.facts


def test_what_is_known_stays_as_it_is(home: Home) -> None:
    home.keep(b"mail", unique_id="a")
    before = home.ledger.entries(REMOTE)["a"]

    assert Entered(taken=1, known=2) == enter_seen(
        home.database, REMOTE, ["a", "b", "b"], 0, "mpop"
    )
    assert before == home.ledger.entries(REMOTE)["a"]


def test_a_list_that_cannot_be_read_to_its_end_leaves_nothing(home: Home) -> None:
    def broken() -> Iterator[str]:
        yield "a"
        raise OperatorFault("It ends here.")

    with pytest.raises(OperatorFault, match="It ends here"):
        enter_seen(home.database, REMOTE, broken(), 0, "mpop")

    assert {} == home.ledger.entries(REMOTE)
    assert [] == list(Audit(home.database).lines())


def test_a_remote_that_is_gone_is_said(home: Home) -> None:
    with pytest.raises(OperatorFault, match="was removed meanwhile"):
        enter_seen(home.database, RemoteId(99), ["a"], 0, "mpop")
