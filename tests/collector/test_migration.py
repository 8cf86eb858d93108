"""A server that gives new unique-ids, and others that say little: what is known stays known."""

import secrets
from dataclasses import replace

import pytest

from pillarbox.accounts.remotes import FORMER
from pillarbox.archive.ledger import Removal
from pillarbox.collector.outcome import Outcome
from pillarbox.db.sqlite import Rows
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


def test_a_second_migration_fetches_as_little_as_the_first(home: Home) -> None:
    messages = letters(3)
    collect(home, FakeServer(named("old", messages)))
    collect(home, FakeServer(named("new", messages)))
    third = FakeServer(named("third", messages))

    assert 3 == collect(home, third).moved
    assert 0 == third.count(b"RETR")


def test_what_is_listed_under_another_name_is_not_what_moved(home: Home) -> None:
    first, twin = (b"Message-ID: <a@b>\r\n\r\n%d\r\n" % n for n in range(2))
    collect(home, FakeServer({"old": first}))
    collect(home, FakeServer({"new": first}))

    result = collect(home, FakeServer({"new": first, "twin": twin}))

    assert (1, 0) == (result.collected, result.moved)
    assert {first, twin} == set(home.contents())


def test_what_is_in_doubt_is_not_known_again_by_its_header(home: Home) -> None:
    messages = letters(1)
    collect(home, FakeServer(named("old", messages)))
    home.ledger.doubt(REMOTE, ["old0"], 1)
    moved = FakeServer(named("new", messages))

    assert (0, 1) == ((result := collect(home, moved, deleting(0))).moved, result.known)
    assert 1 == moved.count(b"RETR")


@pytest.mark.parametrize("octets", [b"shorter\r\n", b"a body that is longer\r\n"])
def test_another_message_under_a_name_that_was_never_gone_is_fetched(
    home: Home, octets: bytes
) -> None:
    header = b"Message-ID: <%d@x>\r\n\r\n"
    collect(home, FakeServer({"1": header % 1 + b"of a usual size\r\n"}))
    fake = FakeServer({"1": header % 2 + octets})

    assert (1, 1) == ((result := collect(home, fake, deleting(0))).collected, result.removed)
    assert header % 2 + octets in home.contents()


def test_a_message_that_has_grown_is_fetched_again_before_it_goes(home: Home) -> None:
    header = b"Message-ID: <a@x>\r\n\r\n"
    collect(home, FakeServer({"a": header + b"half"}))
    fake = FakeServer({"a": header + b"half and the other\r\n"})

    assert (1, 1) == ((result := collect(home, fake, deleting(0))).collected, result.removed)


def test_a_size_that_is_now_the_true_one_is_no_other_message(home: Home) -> None:
    fake = FakeServer(named("a", letters(1)), says={b"LIST": b"+OK\r\n1 60\r\n.\r\n"})
    collect(home, fake)
    fake.says.clear()

    for _ in range(2):
        assert (0, 0) == ((result := collect(home, fake)).known, result.moved)
    assert (1, 1) == (fake.count(b"RETR"), fake.count(b"TOP"))


def test_what_a_server_removes_in_word_only_is_not_fetched_each_time(home: Home) -> None:
    messages = named("a", letters(3))
    collect(home, FakeServer(dict(messages)), deleting(0))
    back = FakeServer(dict(messages))

    assert 3 == collect(home, back, deleting(0)).removed
    assert (0, 3) == (back.count(b"RETR"), back.count(b"TOP"))


def test_names_that_other_messages_have_taken_over_lose_none(home: Home) -> None:
    def numbered(messages: list[bytes]) -> dict[str, bytes]:
        return {f"{n}": octets for n, octets in enumerate(messages, start=1)}

    mail = [b"Message-ID: <%d@x>\r\n\r\n%s\r\n" % (n, b"x" * n * n) for n in range(9)]
    collect(home, FakeServer(numbered(mail[:6])))
    fake = FakeServer(numbered(mail[2:]))

    result = collect(home, fake, deleting(0))

    assert (3, 7) == (result.collected, result.removed)
    assert set(mail) == set(home.contents())
    assert 9 == len(home.contents())


# A remote that is another maildrop now


def edited(home: Home) -> None:
    def forget(rows: Rows) -> None:
        rows.run(FORMER, secrets.token_hex(), 1, REMOTE)

    home.database.write(forget)


def test_after_an_edit_nothing_is_lost_to_the_same_names_of_another_maildrop(home: Home) -> None:
    mine, theirs = letters(6)[:3], [octets + b"other\r\n" for octets in letters(6)[3:]]
    collect(home, FakeServer(named("", mine)))
    edited(home)
    fake = FakeServer(named("", theirs))

    result = collect(home, fake, deleting(0))

    assert (3, 3) == (result.collected, result.removed)
    assert {*mine, *theirs} == set(home.contents())


def test_after_an_edit_that_leads_to_the_same_maildrop_nothing_is_fetched(home: Home) -> None:
    fake = FakeServer(named("", letters(3)))
    collect(home, fake)
    for _ in range(2):
        edited(home)
        assert 3 == collect(home, fake).moved

    assert 3 == fake.count(b"RETR")
    assert 3 == collect(home, fake, deleting(0)).removed


def test_what_nobody_was_sure_of_before_an_edit_stays_unsure(home: Home) -> None:
    collect(home, FakeServer(named("", letters(1))))
    home.ledger.note(REMOTE, ["0"], Removal.PERHAPS)
    edited(home)
    collect(home, FakeServer({}))

    assert [Removal.PERHAPS] == [each.removal for each in home.ledger.entries(REMOTE).values()]


# Without unique-ids


def test_without_unique_ids_what_is_known_by_its_header_is_not_fetched_again(home: Home) -> None:
    mail = named("a", letters(20))
    says = {b"UIDL": b"-ERR what\r\n"}
    collect(home, FakeServer(dict(mail), says=says))
    fake = FakeServer(mail | {"b": b"Message-ID: <new@x>\r\n\r\nnew\r\n"}, says=says)

    result = collect(home, fake, deleting(1))

    assert (1, 0, 0, 0) == (result.collected, result.known, result.moved, result.removed)
    assert 1 == fake.count(b"RETR")
    assert Outcome.NONE is collect(home, fake).outcome
    assert 1 == fake.count(b"RETR")


def test_without_unique_ids_a_message_is_fetched_before_it_goes(home: Home) -> None:
    mail = named("a", letters(2))
    fake = FakeServer(mail, says={b"UIDL": b"-ERR what\r\n"})
    collect(home, fake)

    assert (2, 2) == ((result := collect(home, fake, deleting(0))).known, result.removed)
    assert {} == fake.messages


def test_without_unique_ids_twins_are_fetched_each_time(home: Home) -> None:
    twins = {f"{n}": b"Message-ID: <a@b>\r\n\r\n%d\r\n" % n for n in range(2)}
    fake = FakeServer(twins, says={b"UIDL": b"-ERR what\r\n"})
    collect(home, fake)

    assert 2 == collect(home, fake).known


def test_unique_ids_that_are_given_later_make_nothing_be_fetched_again(home: Home) -> None:
    fake = FakeServer(named("a", letters(3)), says={b"UIDL": b"-ERR what\r\n"})
    collect(home, fake)
    fake.says.clear()

    assert 3 == collect(home, fake).moved
    assert 3 == fake.count(b"RETR")
