"""Every reason has its words, and the ledger alone tells what is on a server."""

from dataclasses import replace

import pytest

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.ledger import LedgerEntry, Removal, State
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.collector.plan import Reason, Terms
from pillarbox.collector.why import WORDS, Absence, Standing, standing
from pillarbox.store.store import MessageId

KEPT = LedgerEntry(MessageId(1), 1000)


@pytest.mark.parametrize("reason", [*Reason, *Absence])
def test_every_reason_has_words(reason: Reason | Absence) -> None:
    assert WORDS[reason].endswith(".")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (replace(KEPT, removal=Removal.DONE), Standing(is_there=False, reason=Absence.REMOVED)),
        (
            replace(KEPT, removal=Removal.PERHAPS),
            Standing(is_there=None, reason=Absence.PERHAPS_REMOVED),
        ),
        (replace(KEPT, vanished_at=1), Standing(is_there=False, reason=Absence.VANISHED)),
        (replace(KEPT, damaged_at=1), Standing(is_there=True, reason=Reason.DAMAGED)),
        (LedgerEntry(None, 0, state=State.SEEN), Standing(is_there=True, reason=Reason.SEEN)),
        (LedgerEntry(None, 0, state=State.SKIPPED), Standing(is_there=True, reason=Reason.BY_RULE)),
        (
            LedgerEntry(None, 0, state=State.HEADERS),
            Standing(is_there=True, reason=Reason.HEADER_ONLY),
        ),
        (KEPT, Standing(is_there=True, reason=Reason.TOO_YOUNG, due_at=1000 + 14 * DAY_SECONDS)),
    ],
)
def test_the_ledger_tells_what_is_there_and_why(entry: LedgerEntry, expected: Standing) -> None:
    assert expected == standing(entry, Terms(policy=LeavePolicy(14)), 0, 2000)


def test_what_is_due_is_removed_by_the_next_session() -> None:
    terms = Terms(policy=LeavePolicy(0, keep_newest=2))

    assert Standing(is_there=True, reason=Reason.DUE) == standing(KEPT, terms, 2, 2000)
    assert Standing(is_there=True, reason=Reason.AMONG_NEWEST) == standing(KEPT, terms, 1, 2000)
