"""Messages come, are looked at and go in portions; what comes of it is the same."""

from dataclasses import replace

import pytest

from pillarbox.client.listing import Listed, listing_of
from pillarbox.collector.outcome import Outcome
from pillarbox.collector.plan import Fetch, Peek, Reason, Remove, Skip, Step
from pillarbox.collector.rules import Action, Decision, FieldTest, Rule
from pillarbox.collector.steps import Steps
from tests.archive.home import REMOTE, Home
from tests.client.fake_server import HANG_UP, FakeServer
from tests.collector.rig import collect, deleting, mail, removals

COUNT = 7
PORTION = 3


@pytest.fixture(autouse=True)
def _few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for user in ("session", "looking"):
        monkeypatch.setattr(f"pillarbox.collector.{user}.PORTION", PORTION)


@pytest.mark.parametrize("says", [{}, {b"UIDL": b"-ERR what\r\n"}])
def test_all_portions_are_collected_and_removed_in_one_session(
    says: dict[bytes, bytes], home: Home
) -> None:
    fake = FakeServer(mail(COUNT), says=says)

    result = collect(home, fake, deleting(0))

    assert (COUNT, COUNT, 0) == (result.collected, result.removed, result.perhaps_removed)
    assert (Outcome.MAIL, COUNT) == (result.outcome, len(home.contents()))
    assert {} == fake.messages
    assert 1 == fake.count(b"LIST")
    assert {"done"} == set(removals(home).values())


def test_headers_are_asked_for_in_portions(home: Home) -> None:
    rule = Rule("odd", Action.SKIP, fields=(FieldTest("subject", ("1", "3", "5")),))
    fake = FakeServer(mail(COUNT))

    result = collect(home, fake, replace(deleting(0), rules=(rule,)))

    assert (4, 3) == (result.collected, result.skipped)
    assert ["id1", "id3", "id5"] == list(fake.messages)


def test_what_portions_have_brought_counts_where_a_later_one_breaks(home: Home) -> None:
    fake = FakeServer(mail(COUNT), says={b"RETR 6": HANG_UP})

    result = collect(home, fake, deleting(0))

    assert (5, Outcome.SOCKET) == (result.collected, result.outcome)
    assert result.octets == sum(map(len, list(mail(COUNT).values())[:5]))
    assert 0 == fake.count(b"DELE")
    assert ["id5"] == [stuck.name for stuck in result.stuck]


def damaged(home: Home) -> set[str]:
    return {name for name, entry in home.ledger.entries(REMOTE).items() if entry.damaged_at}


@pytest.mark.parametrize("line", [b"RETR 5", b"DELE 1"])
def test_where_no_reply_comes_the_end_of_each_portion_is_in_doubt(line: bytes, home: Home) -> None:
    fake = FakeServer(mail(4 + line.startswith(b"RETR")), says={line: b"the end of the last\r\n"})

    result = collect(home, fake, deleting(0))

    assert (4, 0) == (result.collected, result.removed)
    assert {"id2", "id3"} <= damaged(home)


def test_what_has_another_size_is_in_doubt_whatever_its_portion_where_no_reply_comes(
    home: Home,
) -> None:
    fake = FakeServer(mail(COUNT), says={b"RETR 7": b"no reply\r\n"})
    lines = [b"%d %d" % (n, len(octets)) for n, octets in enumerate(mail(COUNT).values(), start=1)]
    fake.says[b"LIST"] = b"\r\n".join([b"+OK", b"1 1", *lines[1:], b".\r\n"])

    collect(home, fake)

    assert "id0" in damaged(home)


def test_a_cut_leaves_no_portion_in_doubt_that_has_ended(home: Home) -> None:
    fake = FakeServer(mail(COUNT), says={b"RETR 7": HANG_UP})
    fake.says[b"LIST"] = b"\r\n".join([b"+OK", *(b"%d 1" % n for n in range(1, 8)), b".\r\n"])

    collect(home, fake)

    assert set() == damaged(home)


def test_what_is_fetched_again_comes_last(home: Home) -> None:
    fake = FakeServer(dict(list(mail(COUNT).items())[:3]))
    collect(home, fake)
    home.ledger.doubt(REMOTE, ["id0"], 1)
    fake.messages |= mail(COUNT)
    fake.heard.clear()

    collect(home, fake)

    asked = [line for line in fake.heard if line.startswith(b"RETR")]
    assert [b"RETR 4", b"RETR 5", b"RETR 6", b"RETR 7", b"RETR 1"] == asked


def test_steps_are_what_was_put_in() -> None:
    listing = listing_of(Listed(2 * number, number, f"id{number}") for number in range(1, 8))
    decision = Decision(Action.FETCH, "rule", ("tag",))
    steps: list[Step] = [
        Fetch(listing[6], Reason.NEW),
        Fetch(listing[1], Reason.NEW, decision),
        Skip(listing[2], Reason.LIMIT, "octets_per_day"),
        Skip(listing[3], Reason.SEEN),
        Peek(listing[0], Reason.FOR_RULE),
        Remove(listing[4], Reason.DUE),
        Fetch(listing[5], Reason.NEW),
    ]

    kept = Steps(listing, steps)

    assert (steps, len(steps), 28) == (list(kept), len(kept), kept.octets)
    assert [steps[:3], steps[3:6], steps[6:]] == list(kept.portions(3))
    assert [] == list(Steps[Step](listing).portions(3))
