"""Keeping what comes from a remote: once, durably, and never without its ledger row."""

from collections.abc import Iterator

import pytest

from pillarbox.archive.keep import Origin
from pillarbox.archive.ledger import LedgerEntry, Removal, content_id, is_content_id
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, Identity, RemoteId
from pillarbox.db.sqlite import Rows
from pillarbox.store.store import MessageId
from tests.archive.home import ACCOUNT, REMOTE, Home

MAIL = b"Subject: one\r\n\r\nbody\r\n"
OTHER = RemoteId(2)


def deliver(home: Home, octets: bytes) -> str:
    with home.store.incoming() as incoming:
        incoming.write(octets)
        kept = incoming.keep()
    return home.store.deliver(kept, ACCOUNT)


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
    assert {"a": LedgerEntry(MessageId(1), now, Removal.NONE)} == home.ledger.entries(REMOTE)
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

    entry = LedgerEntry(MessageId(1), first, Removal.NONE)
    assert {"a": entry} == home.ledger.entries(REMOTE)


def test_what_was_gone_in_between_begins_anew(home: Home) -> None:
    home.keep(MAIL)
    home.ledger.note(REMOTE, ["a"], Removal.DONE)
    home.clock.advance(1000)
    home.keep(b"another", unique_id="a")

    entry = LedgerEntry(MessageId(2), int(home.clock.now()), Removal.NONE)
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
        home.archive.file(rows, kept, Origin(REMOTE, ACCOUNT, "a"))
        raise StoreFault("cut")

    with pytest.raises(StoreFault):
        home.database.write(fail)
    assert [] == states(home)
    assert {} == home.ledger.entries(REMOTE)
