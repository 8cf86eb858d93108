"""What is fetched again after a session that did not end as it should."""

import pytest

from pillarbox.archive.keep import Filed
from pillarbox.archive.ledger import Removal
from pillarbox.base.errors import Fault, PeerFault
from pillarbox.client.faults import HungUpFault, PipeliningFault
from pillarbox.collector.doubt import in_doubt
from pillarbox.net.deadline import TooSlowFault
from pillarbox.store.store import MessageId
from pillarbox.wire.pop3.answers import GarbageFault
from tests.archive.home import REMOTE, Home

ASKED = {1: 10, 2: 20, 3: None, 4: 40, 5: 50}
FILED = {
    number: Filed(MessageId(number), f"id{number}", octets, is_new=True)
    for number, octets in {1: 10, 2: 21, 3: 30, 4: 40}.items()
}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (None, []),
        (HungUpFault("cut"), []),
        (PeerFault("cut"), []),
        (PipeliningFault("{why}", why="late"), ["id1", "id2", "id3", "id4"]),
        (TooSlowFault("late"), []),
        (GarbageFault("what"), ["id2", "id4"]),
    ],
)
def test_what_may_be_another_message_or_a_part_of_one_is_in_doubt(
    fault: Fault | None, expected: list[str]
) -> None:
    assert expected == in_doubt(fault, ASKED, FILED)


def test_what_is_in_doubt_is_known_and_damaged(home: Home) -> None:
    home.keep(b"one", unique_id="a")
    home.keep(b"two", unique_id="b")

    home.ledger.doubt(REMOTE, ["a", "unknown"], 7)
    home.ledger.doubt(REMOTE, [], 8)

    found = home.ledger.entries(REMOTE)
    assert {"a": 7, "b": None} == {name: entry.damaged_at for name, entry in found.items()}
    assert {Removal.NONE} == {entry.removal for entry in found.values()}


def test_what_was_in_doubt_and_comes_again_is_not_any_more(home: Home) -> None:
    home.keep(b"one", unique_id="a")
    home.ledger.doubt(REMOTE, ["a"], 7)

    assert not home.keep(b"one", unique_id="a")
    assert home.ledger.entries(REMOTE)["a"].damaged_at is None
