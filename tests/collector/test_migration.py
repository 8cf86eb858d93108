"""A server that gives new unique-ids, and others that say little: what is known stays known."""

from dataclasses import replace

import pytest

from pillarbox.archive.ledger import Removal
from pillarbox.collector.outcome import Outcome
from tests.archive.home import REMOTE, Home
from tests.client.fake_server import FakeServer
from tests.collector.rig import collect, deleting


def letters(count: int) -> list[bytes]:
    return [
        b"Message-ID: <%04d@example.org>\r\nSubject: same\r\n\r\n.body %04d\r\n" % (n, n)
        for n in range(count)
    ]


def named(prefix: str, messages: list[bytes]) -> dict[str, bytes]:
    return {f"{prefix}{n}": octets for n, octets in enumerate(messages)}


def test_after_a_migration_nothing_known_is_fetched_again(home: Home) -> None:
    messages = letters(200)
    collect(home, FakeServer(named("old", messages)))
    moved = FakeServer(named("new", [*messages, b"Message-ID: <new@x>\r\n\r\nnew\r\n"]))

    result = collect(home, moved)
    assert (1, 0, 200) == (result.collected, result.known, result.moved)
    assert [b"RETR 201"] == [line for line in moved.heard if line.startswith(b"RETR")]
    assert (Outcome.NONE, 0) == ((again := collect(home, moved)).outcome, again.moved)
    assert 1 == moved.count(b"RETR")
    assert 401 == len(home.ledger.entries(REMOTE))
    assert 201 == len(home.contents())


def test_a_migration_is_known_to_a_home_that_noted_neither_sizes_nor_headers(home: Home) -> None:
    messages = letters(3)
    collect(home, FakeServer(named("old", messages)))
    home.database.write(
        lambda rows: rows.run("UPDATE ledger SET octets = NULL, header_digest = NULL")
    )
    moved = FakeServer(named("new", messages))

    assert 3 == collect(home, moved).moved
    assert 0 == moved.count(b"RETR")


def test_a_migration_back_and_forth_fetches_nothing(home: Home) -> None:
    messages = letters(3)
    collect(home, FakeServer(named("old", messages)))
    collect(home, FakeServer(named("new", messages)))
    back = FakeServer(named("old", messages))

    assert Outcome.NONE is collect(home, back).outcome
    assert (0, 0) == (back.count(b"RETR"), back.count(b"TOP"))


def test_what_cannot_be_told_apart_is_fetched_and_known_by_its_content(home: Home) -> None:
    twins = [b"Message-ID: <a@b>\r\n\r\n%d\r\n" % n for n in range(2)]
    bare = [b"Subject: x\r\n\r\nbare\r\n"]
    collect(home, FakeServer(named("old", twins + bare)))
    moved = FakeServer(named("new", twins + bare))

    result = collect(home, moved)
    assert (0, 3, 0) == (result.collected, result.known, result.moved)
    assert 3 == len(home.contents())


def test_a_server_without_top_has_what_it_moved_fetched_and_known(home: Home) -> None:
    messages = letters(3)
    collect(home, FakeServer(named("old", messages)))
    moved = FakeServer(named("new", messages), says={b"TOP": b"-ERR what\r\n"})

    result = collect(home, moved)
    assert (0, 3, 0) == (result.collected, result.known, result.moved)
    assert 3 == len(home.contents())


def test_a_message_that_was_moved_is_removed_under_its_new_name(home: Home) -> None:
    messages = letters(3)
    collect(home, FakeServer(named("old", messages)))
    moved = FakeServer(named("new", messages))

    assert 3 == collect(home, moved, deleting(0)).removed
    assert {} == moved.messages
    entries = home.ledger.entries(REMOTE)
    assert {Removal.DONE} == {entries[f"new{n}"].removal for n in range(3)}


def test_another_message_under_a_name_that_was_gone_is_fetched_and_never_removed_unseen(
    home: Home,
) -> None:
    collect(home, FakeServer({"a": b"first\r\n"}))
    collect(home, FakeServer({"b": b"between\r\n"}))
    fake = FakeServer({"a": b"another one\r\n"}, says={b"RETR": b"-ERR later\r\n"})

    for _ in range(2):
        result = collect(home, fake, deleting(0))
        assert (1, 0) == (result.refused, result.removed)
    fake.says.clear()
    assert (1, 1) == ((last := collect(home, fake, deleting(0))).collected, last.removed)
    assert b"another one\r\n" in home.contents()


@pytest.mark.parametrize("partial", [0, 20])
def test_a_listing_that_lacks_messages_makes_nothing_be_fetched_or_removed(
    home: Home, partial: int
) -> None:
    messages = named("id", letters(200))
    fake = FakeServer(dict(messages))
    collect(home, fake)
    collect(home, FakeServer(dict(list(messages.items())[:partial])), deleting(1))
    collect(home, fake, deleting(1))

    assert (200, 0) == (fake.count(b"RETR"), fake.count(b"DELE"))
    assert {None} == {entry.vanished_at for entry in home.ledger.entries(REMOTE).values()}


def test_sizes_that_changed_with_the_names_make_a_message_be_fetched(home: Home) -> None:
    messages = letters(1)
    collect(home, FakeServer(named("old", messages)))
    moved = FakeServer(named("new", messages), says={b"LIST": b"+OK\r\n1 9999\r\n.\r\n"})

    result = collect(home, replace(moved), deleting(0))
    assert (1, 0, 1, 0) == (result.known, result.moved, result.incomplete, result.removed)
