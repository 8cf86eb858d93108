"""What did not go as was wished is said, and nothing where all did."""

from pillarbox.cli.collect.remarks import remarks
from pillarbox.collector.outcome import Outcome, Result


def test_nothing_is_remarked_where_all_went_well() -> None:
    assert [] == list(remarks(Result(Outcome.MAIL, collected=3, moved=2)))


def test_each_thing_that_did_not_go_as_wished_is_remarked_with_its_count() -> None:
    said = list(remarks(Result(Outcome.MAIL, refused=4, over_quota=1, incomplete=2, damaged=3)))

    assert ["4", "1", "2", "3"] == [sentence[-1] for sentence in said]
