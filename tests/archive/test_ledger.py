"""The ledger: rows are never dropped, and only what changed is written."""

import pytest

from pillarbox.archive import ledger
from pillarbox.archive.ledger import LedgerEntry, NotKept, Removal, State
from pillarbox.store.store import MessageId
from tests.archive.home import REMOTE, Home


@pytest.fixture
def full(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(ledger, "BATCH", 2)
    for number in range(5):
        home.keep(b"%d" % number, unique_id=f"id{number}")
    return home


def vanished(home: Home) -> dict[str, int | None]:
    return {name: entry.vanished_at for name, entry in home.ledger.entries(REMOTE).items()}


def test_what_a_listing_lacks_is_noted_once_and_what_comes_back_is_there(full: Home) -> None:
    full.ledger.note(REMOTE, ["id4"], Removal.DONE)
    full.ledger.note_listing(REMOTE, {"id0"}, 10)
    full.ledger.note_listing(REMOTE, {"id0", "id1"}, 20)

    assert {"id0": None, "id1": None, "id2": 10, "id3": 10, "id4": None} == vanished(full)


def test_what_is_known_by_content_never_vanishes(home: Home) -> None:
    home.keep(b"x", unique_id=None)
    home.ledger.note_listing(REMOTE, set(), 10)

    assert [None] == list(vanished(home).values())


def test_a_snapshot_gives_one_row_at_a_time(full: Home) -> None:
    with full.ledger.reading(REMOTE) as known:
        assert full.ledger.entries(REMOTE)["id1"] == known.get("id1")
        assert known.get("unknown") is None


def test_only_what_is_unsure_is_unsure(full: Home) -> None:
    full.ledger.note(REMOTE, ["id1"], Removal.PERHAPS)

    assert ["id1"] == list(full.ledger.unsure(REMOTE))


def test_a_message_is_found_under_its_names(full: Home) -> None:
    assert ["id1"] == full.ledger.names_of(REMOTE, MessageId(2))
    assert [] == full.ledger.names_of(REMOTE, MessageId(9))


def test_what_came_later_and_is_there_is_counted(full: Home) -> None:
    full.clock.advance(1)
    full.keep(b"late", unique_id="late")
    full.keep(b"later", unique_id="later in the same second")
    full.keep(b"gone", unique_id="gone")
    full.ledger.note(REMOTE, ["gone"], Removal.DONE)
    entries = full.ledger.entries(REMOTE)

    assert 5 == full.ledger.newer(REMOTE, entries["id1"])
    assert 1 == full.ledger.newer(REMOTE, entries["late"])
    assert 0 == full.ledger.newer(REMOTE, entries["later in the same second"])


def test_what_is_not_kept_is_entered_and_never_in_place_of_what_is(full: Home) -> None:
    full.ledger.note(REMOTE, ["id1"], Removal.DONE)
    entries = [
        NotKept(name, State.HEADERS, 7, "rule", b"digest", b"Header: x\r\n")
        for name in ("id0", "id1", "new")
    ]
    full.ledger.enter(REMOTE, entries, 30)
    full.ledger.enter(REMOTE, [], 30)

    after = full.ledger.entries(REMOTE)
    entered = LedgerEntry(None, 30, Removal.NONE, State.HEADERS, 7, b"digest", rule="rule")
    assert (State.KEPT, entered) == (after["id0"].state, after["new"])
    assert State.HEADERS is after["id1"].state


def test_a_message_can_be_known_under_another_name(full: Home) -> None:
    full.ledger.move(REMOTE, [("id1", "new", 100)])
    full.ledger.move(REMOTE, [])

    after = full.ledger.entries(REMOTE)
    assert (after["id1"].message, 100) == (after["new"].message, after["new"].octets)
    assert 6 == len(after)


def test_the_rest_of_a_message_can_be_asked_for(full: Home) -> None:
    full.ledger.enter(REMOTE, [NotKept("new", State.HEADERS, 7, "rule")], 30)

    assert 1 == full.ledger.want(REMOTE, ["new", "id0"])
    assert full.ledger.entries(REMOTE)["new"].rule is None
