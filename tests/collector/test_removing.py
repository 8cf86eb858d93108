"""Removing from the server: only what is durable here, and known for sure."""

from pillarbox.archive.ledger import Removal
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.collector.outcome import Outcome, Result
from tests.archive.home import Home
from tests.client.fake_server import HANG_UP, FakeServer
from tests.collector.rig import SOURCE, collect, deleting, mail, removals


def test_nothing_is_removed_by_default(home: Home) -> None:
    fake = FakeServer(mail(3))
    collect(home, fake)
    home.clock.advance(1000 * DAY_SECONDS)
    collect(home, fake)

    assert 0 == fake.count(b"DELE")


def test_what_is_kept_is_removed_in_the_same_session_when_no_day_is_asked_for(home: Home) -> None:
    fake = FakeServer(mail(3))

    result = collect(home, fake, deleting(0))

    assert (3, 3, 0) == (result.collected, result.removed, result.perhaps_removed)
    assert {} == fake.messages
    assert {Removal.DONE} == set(removals(home).values())
    assert max(map(fake.heard.index, (b"RETR 1", b"RETR 2", b"RETR 3"))) < fake.heard.index(
        b"DELE 1"
    )


def test_what_is_kept_is_removed_when_its_days_are_over(home: Home) -> None:
    fake = FakeServer(mail(3))
    collect(home, fake, deleting(2))
    home.clock.advance(2 * DAY_SECONDS - 1)
    assert 0 == collect(home, fake, deleting(2)).removed
    home.clock.advance(1)
    fake.messages["new"] = b"new\r\n"

    assert 3 == collect(home, fake, deleting(2)).removed
    assert {"new": b"new\r\n"} == fake.messages


def test_what_was_collected_long_ago_is_asked_for_its_name_before_it_is_removed(
    home: Home,
) -> None:
    fake = FakeServer(mail(2))
    collect(home, fake)
    fake.says[b"UIDL 2"] = b"+OK 2 another\r\n"

    assert 1 == collect(home, fake, deleting(0)).removed
    assert ["id1"] == list(fake.messages)


def test_without_uidl_what_was_fetched_again_is_removed_when_its_days_are_over(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"UIDL": b"-ERR what\r\n"})
    collect(home, fake, deleting(1))
    home.clock.advance(DAY_SECONDS)

    assert 2 == collect(home, fake, deleting(1)).removed
    assert {} == fake.messages


def test_a_message_that_the_server_does_not_mark_is_not_said_to_be_removed(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"DELE 1": b"-ERR no\r\n"})

    assert 1 == collect(home, fake, deleting(0)).removed
    assert {"id0": Removal.NONE, "id1": Removal.DONE} == removals(home)


def test_where_quit_is_refused_the_removal_is_unsure_until_the_next_poll(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"QUIT": b"-ERR some are left\r\n"})

    refused = collect(home, fake, deleting(0))
    assert (0, 2) == (refused.removed, refused.perhaps_removed)
    assert {Removal.PERHAPS} == set(removals(home).values())

    fake.says.clear()
    del fake.messages["id0"]
    assert 1 == collect(home, fake, deleting(0)).removed
    assert {Removal.DONE} == set(removals(home).values())
    assert 2 == fake.count(b"RETR")


def test_where_quit_is_not_answered_the_removal_is_unsure(home: Home) -> None:
    fake = FakeServer(mail(1), says={b"QUIT": HANG_UP})

    result = collect(home, fake, deleting(0))
    assert (Outcome.SOCKET, 1, 1) == (result.outcome, result.collected, result.perhaps_removed)
    collect(home, fake, SOURCE)
    assert {Removal.NONE} == set(removals(home).values())


def test_a_goodbye_that_fails_is_no_failure_where_nothing_was_to_be_removed(home: Home) -> None:
    fake = FakeServer(mail(1), says={b"QUIT": b"rubbish\r\n"})

    assert Result(Outcome.MAIL, listed=1, collected=1, octets=20) == collect(home, fake)


def test_a_message_under_a_name_that_was_removed_is_fetched(home: Home) -> None:
    collect(home, FakeServer({"a": b"old\r\n"}), deleting(0))
    fake = FakeServer({"a": b"new\r\n"})

    assert 1 == collect(home, fake, deleting(0)).collected
    assert [b"new\r\n", b"old\r\n"] == home.contents()
