"""Keeping what comes from a remote: once, durably, and never without its ledger row."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from pillarbox.archive.keep import Archive, Coming, Filed, Origin
from pillarbox.archive.ledger import LedgerEntry, NotKept, Removal, State, content_id, is_content_id
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, Identity, RemoteId
from pillarbox.db.sqlite import Rows
from pillarbox.message.header_digest import HEADER_OCTETS, header_digest
from pillarbox.store.quota import Quotas
from pillarbox.store.store import MessageId
from tests.archive.home import ACCOUNT, REMOTE, Home

MAIL = b"Subject: one\r\n\r\nbody\r\n"
OTHER = RemoteId(2)


def deliver(home: Home, octets: bytes) -> str:
    with home.store.incoming() as incoming:
        incoming.write(octets)
        kept = incoming.keep()
    return home.store.deliver(kept, ACCOUNT)


def digest_of(octets: bytes) -> bytes:
    found = header_digest(octets)
    assert found is not None
    return found.digest


def keep(home: Home, mail: bytes = MAIL, **said: Any) -> Filed:
    return home.archive.keep([mail], replace(Origin(REMOTE, ACCOUNT, "a"), **said))


def remove(home: Home) -> None:
    maildrop = home.store.open_maildrop(Identity(ACCOUNT))
    maildrop.commit(maildrop.messages)
    maildrop.release()


def states(home: Home) -> list[tuple[object, ...]]:
    with home.database.reading() as rows:
        return rows.all("SELECT state, archived FROM messages ORDER BY id")


def test_a_message_is_kept_with_its_ledger_row(home: Home) -> None:
    assert home.keep(MAIL[:7], MAIL[7:])

    now = int(home.clock.now())
    assert [MAIL] == home.contents()
    assert {
        "a": LedgerEntry(MessageId(1), now, header_digest=digest_of(MAIL))
    } == home.ledger.entries(REMOTE)
    assert [("archive", 1)] == states(home)


def test_what_is_collected_is_not_in_the_maildrop(home: Home) -> None:
    home.keep(MAIL)

    assert [] == home.store.open_maildrop(Identity(ACCOUNT)).messages


def test_the_same_octets_under_two_names_are_kept_once(home: Home) -> None:
    assert home.keep(MAIL)
    assert not home.keep(MAIL, unique_id="b")

    assert [MAIL] == home.contents()
    assert {"a", "b"} == home.ledger.entries(REMOTE).keys()


def test_the_same_octets_from_two_remotes_are_kept_once(home: Home) -> None:
    home.keep(MAIL)

    assert not home.keep(MAIL, remote=OTHER)
    assert home.ledger.entries(REMOTE) == home.ledger.entries(OTHER)


def test_another_account_has_a_message_of_its_own(home: Home) -> None:
    home.keep(MAIL)
    home.database.write(lambda rows: rows.run("UPDATE messages SET account_id = 2"))

    assert home.keep(MAIL, unique_id="b")
    assert [MAIL, MAIL] == home.contents()
    assert 1 == len(list(home.listing.messages(AccountId(2))))


def test_without_a_unique_id_the_content_is_the_name(home: Home) -> None:
    assert home.keep(MAIL, unique_id=None)
    assert not home.keep(MAIL, unique_id=None)

    (name,) = home.ledger.entries(REMOTE)
    (message,) = home.listing.messages()
    assert content_id(message.digest) == name
    assert is_content_id(name)
    assert not is_content_id("sha256")


def test_a_message_of_the_maildrop_stays_there_and_is_archived(home: Home) -> None:
    deliver(home, MAIL)

    assert home.keep(MAIL)
    assert [("maildrop", 1)] == states(home)
    remove(home)
    assert [("archive", 1)] == states(home)


def test_a_removed_message_is_brought_back_into_the_archive(home: Home) -> None:
    deliver(home, MAIL)
    remove(home)

    assert home.keep(MAIL)
    assert [("archive", 1)] == states(home)


def test_of_two_equal_messages_the_one_that_is_not_removed_is_named(home: Home) -> None:
    deliver(home, MAIL)
    remove(home)
    deliver(home, MAIL)

    home.keep(MAIL)
    assert [("removed", 0), ("maildrop", 1)] == states(home)
    assert MessageId(2) == home.ledger.entries(REMOTE)["a"].message


def test_fetching_again_does_not_make_a_message_younger(home: Home) -> None:
    home.keep(MAIL)
    first = int(home.clock.now())
    home.ledger.note(REMOTE, ["a"], Removal.PERHAPS)
    home.clock.advance(1000)
    home.keep(MAIL)

    entry = LedgerEntry(MessageId(1), first, header_digest=digest_of(MAIL))
    assert {"a": entry} == home.ledger.entries(REMOTE)


def test_what_was_gone_in_between_begins_anew(home: Home) -> None:
    home.keep(MAIL)
    home.ledger.note(REMOTE, ["a"], Removal.DONE)
    home.clock.advance(1000)
    home.keep(b"another", unique_id="a")

    digest = digest_of(b"another")
    entry = LedgerEntry(MessageId(2), int(home.clock.now()), header_digest=digest)
    assert {"a": entry} == home.ledger.entries(REMOTE)


def test_a_removal_is_noted_for_one_remote_and_for_those_named(home: Home) -> None:
    home.keep(MAIL)
    home.keep(b"b", unique_id="b")
    home.keep(MAIL, remote=OTHER)
    home.ledger.note(REMOTE, ["a"], Removal.PERHAPS)
    home.ledger.note(REMOTE, [], Removal.DONE)

    removals = {name: entry.removal for name, entry in home.ledger.entries(REMOTE).items()}
    assert {"a": Removal.PERHAPS, "b": Removal.NONE} == removals
    assert Removal.NONE is home.ledger.entries(OTHER)["a"].removal


def test_a_message_that_breaks_off_leaves_nothing(home: Home) -> None:
    def broken() -> Iterator[bytes]:
        yield MAIL
        raise StoreFault("cut")

    with pytest.raises(StoreFault):
        home.keep(*broken())
    assert [] == home.contents()
    assert {} == home.ledger.entries(REMOTE)
    assert [] == list((home.folder / "blobs" / "incoming").iterdir())


def test_the_rows_of_a_message_are_written_together_or_not_at_all(home: Home) -> None:
    with home.store.incoming() as incoming:
        kept = incoming.keep()

    def fail(rows: Rows) -> None:
        home.archive.file(rows, Coming(kept, Origin(REMOTE, ACCOUNT, "a"), None, 0))
        raise StoreFault("cut")

    with pytest.raises(StoreFault):
        home.database.write(fail)
    assert [] == states(home)
    assert {} == home.ledger.entries(REMOTE)


# Through two remotes, into a maildrop, aside, with tags


def test_a_message_that_another_remote_brought_says_so(home: Home) -> None:
    keep(home)

    assert "first" == keep(home, remote=OTHER).elsewhere
    assert "second" == keep(home).elsewhere
    assert keep(home, b"else", unique_id="b").elsewhere is None


def test_a_message_for_the_maildrop_is_served_and_archived(home: Home) -> None:
    assert not keep(home, into_maildrop=True).is_over_quota

    assert [("maildrop", 1)] == states(home)
    assert 1 == len(home.store.open_maildrop(Identity(ACCOUNT)).messages)


def test_what_left_the_maildrop_does_not_come_back_into_it(home: Home) -> None:
    keep(home, into_maildrop=True)
    remove(home)

    assert not keep(home, into_maildrop=True).is_new
    assert [("archive", 1)] == states(home)


def test_what_is_set_aside_is_in_no_maildrop(home: Home) -> None:
    keep(home, into_maildrop=True, set_aside="spam")

    assert [("archive", 1)] == states(home)
    with home.database.reading() as rows:
        assert [("spam",)] == rows.all("SELECT set_aside FROM messages")


def test_what_was_archived_alone_is_served_where_another_remote_brings_it_for_that(
    home: Home,
) -> None:
    keep(home)
    home.clock.advance(1000)

    assert not keep(home, remote=OTHER, into_maildrop=True).is_new

    assert [("maildrop", 1)] == states(home)
    assert 1 == len(home.store.open_maildrop(Identity(ACCOUNT)).messages)
    with home.database.reading() as rows:
        # Counted, so that it fits the quota, and no older than its time in the maildrop.
        assert (len(MAIL),) == rows.one("SELECT used_octets FROM accounts WHERE id = ?", ACCOUNT)
        assert (int(home.clock.now()),) == rows.one("SELECT arrived_at FROM messages")


def test_what_was_set_aside_stays_aside_whoever_brings_it(home: Home) -> None:
    keep(home, set_aside="spam")
    keep(home, remote=OTHER, into_maildrop=True)
    keep(home, MAIL * 2)

    keep(home, MAIL * 2, into_maildrop=True, set_aside="spam")

    assert [("archive", 1), ("archive", 1)] == states(home)


@pytest.mark.parametrize("is_removed", [False, True])
def test_what_is_or_was_in_the_maildrop_as_another_message_is_not_served_twice(
    home: Home, *, is_removed: bool
) -> None:
    keep(home)
    deliver(home, MAIL)
    if is_removed:
        remove(home)

    keep(home, into_maildrop=True)

    assert [("archive", 1), ("removed" if is_removed else "maildrop", 0)] == states(home)


def test_what_was_archived_alone_is_not_served_where_there_is_no_room(home: Home) -> None:
    quotas = Quotas(home.database, len(MAIL) - 1)
    home = replace(home, archive=Archive(home.store, home.database, home.clock, quotas))
    keep(home)

    assert keep(home, remote=OTHER, into_maildrop=True).is_over_quota
    assert [("archive", 1)] == states(home)


@pytest.mark.parametrize("quota", [len(MAIL) + 5, len(MAIL) + 1])
def test_what_finds_no_room_in_the_maildrop_is_archived(home: Home, quota: int) -> None:
    quotas = Quotas(home.database, quota)
    home = replace(home, archive=Archive(home.store, home.database, home.clock, quotas))
    keep(home, into_maildrop=True)

    assert keep(home, MAIL * 2, unique_id="b", into_maildrop=True).is_over_quota
    assert [("maildrop", 1), ("archive", 1)] == states(home)


def test_tags_are_added_and_stay(home: Home) -> None:
    keep(home, tags=("a", "b"))
    keep(home, tags=("b", "c"))

    with home.database.reading() as rows:
        assert [("a",), ("b",), ("c",)] == rows.all("SELECT tag FROM message_tags ORDER BY tag")


# What came against what was listed


@pytest.mark.parametrize(
    ("listed", "missing"),
    [(None, 0), (0, 0), (len(MAIL), 0), (len(MAIL) + 5, 0), (len(MAIL) + 6, 6), (1 << 40, -1)],
)
def test_fewer_octets_than_listed_are_noted_beyond_line_ends(
    home: Home, listed: int | None, missing: int
) -> None:
    expected = (listed or 0) - len(MAIL) if missing else 0

    assert expected == keep(home, octets=listed).missing_octets
    assert expected == home.ledger.entries(REMOTE)["a"].missing_octets


def test_the_header_is_known_by_what_stands_in_it_however_it_comes(home: Home) -> None:
    home.keep(*(MAIL[n : n + 1] for n in range(len(MAIL))))
    home.keep(b"x" * HEADER_OCTETS + MAIL, unique_id="b")

    entries = home.ledger.entries(REMOTE)
    assert digest_of(MAIL) == entries["a"].header_digest
    assert entries["b"].header_digest is None


# Reading back


def spoil(home: Home, octets: bytes | None) -> None:
    (message,) = home.listing.messages()
    path = home.folder / "blobs" / message.digest.hex()[:2] / message.digest.hex()[2:]
    if octets is None:
        path.unlink()
    else:
        path.write_bytes(octets)


def test_what_reads_back_as_it_came_is_verified(home: Home) -> None:
    keep(home)

    assert [] == home.archive.verify(REMOTE, ["a", "unknown"])
    assert int(home.clock.now()) == home.ledger.entries(REMOTE)["a"].verified_at


@pytest.mark.parametrize("octets", [MAIL + b"x", b"", None])
def test_what_reads_back_as_something_else_is_damaged_until_it_comes_again(
    home: Home, octets: bytes | None
) -> None:
    keep(home)
    spoil(home, octets)

    assert ["a"] == home.archive.verify(REMOTE, ["a"])
    damaged = home.ledger.entries(REMOTE)["a"]
    assert (None, int(home.clock.now())) == (damaged.verified_at, damaged.damaged_at)
    keep(home)
    assert [] == home.archive.verify(REMOTE, ["a"])
    assert home.ledger.entries(REMOTE)["a"].damaged_at is None
    assert [MAIL] == home.contents()


def test_what_somebody_removed_here_is_not_verified(home: Home) -> None:
    keep(home)
    home.database.write(lambda rows: rows.run("UPDATE messages SET state = 'removed'"))

    assert [] == home.archive.verify(REMOTE, ["a"])
    assert home.ledger.entries(REMOTE)["a"].verified_at is None


def test_what_a_listing_lacks_is_found_by_its_size_with_its_header(home: Home) -> None:
    keep(home, octets=100)
    keep(home, b"old", unique_id="old")
    keep(home, b"gone", unique_id="gone")
    keep(home, b"there", unique_id="there", octets=100)
    keep(home, b"lost", unique_id="lost")
    keep(home, b"x" * HEADER_OCTETS, unique_id="long")
    home.ledger.note(REMOTE, ["gone"], Removal.DONE)
    home.database.write(lambda rows: rows.run("UPDATE ledger SET header_digest = NULL"))
    digest = sha256(b"lost").hexdigest()
    (home.folder / "blobs" / digest[:2] / digest[2:]).unlink()
    home.ledger.enter(REMOTE, [NotKept("skipped", State.SKIPPED, 100)], 1)

    found = home.archive.lost(REMOTE, {"there"}, {100, 3, 4, HEADER_OCTETS})

    assert ["there"] == [each.unique_id for each in found if each.is_there]
    digests = {each.unique_id: each.header_digest for each in found if not each.is_there}
    expected = {"a": digest_of(MAIL), "old": digest_of(b"old"), "lost": None, "long": None}
    assert expected | {"skipped": None} == digests
    assert {100, 3, 4, HEADER_OCTETS} == home.ledger.absent_octets(REMOTE, {"there"})
