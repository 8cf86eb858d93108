"""Until when mail is left on the server, and what a rehearsal says of it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.accounts.remote_settings import LeavePolicy, Role
from pillarbox.archive.keep import Archive
from pillarbox.base.names import RemoteId
from pillarbox.client.connect import connect
from pillarbox.collector.intake import Intake, Keepers
from pillarbox.collector.limits import Limits
from pillarbox.collector.plan import Reason, Step
from pillarbox.collector.progress import Silent
from pillarbox.collector.rules import Action, FieldTest, Rule
from pillarbox.collector.session import Session
from pillarbox.collector.source import Source
from pillarbox.store.quota import Quotas
from tests.archive.home import REMOTE, Home
from tests.client.fake_server import FakeServer
from tests.collector.rig import SOURCE, collect, deleting, mail

ARCHIVED = replace(SOURCE, policy=LeavePolicy(when_archived=True))


def blob_files(home: Home) -> list[Path]:
    return [path for path in (home.folder / "blobs").glob("??/*") if path.is_file()]


def rehearse(home: Home, fake: FakeServer, source: Source = SOURCE) -> list[Step]:
    async def rehearsed() -> list[Step]:
        keepers = Keepers(home.archive)
        try:
            async with await connect(source.server, fake.dial) as server:
                intake = Intake(keepers, Silent())
                session = Session(source, home.ledger, home.clock, intake)
                return list(await session.rehearse(server))
        finally:
            keepers.close()

    return asyncio.run(rehearsed())


def test_what_reads_back_is_removed_in_the_session_that_brought_it(home: Home) -> None:
    fake = FakeServer(mail(3))

    assert 3 == collect(home, fake, ARCHIVED).removed
    assert {} == fake.messages


def test_what_does_not_read_back_stays_is_fetched_again_and_goes_then(home: Home) -> None:
    fake = FakeServer(mail(3))
    collect(home, fake)
    blob_files(home)[0].write_bytes(b"damaged")

    result = collect(home, fake, ARCHIVED)
    assert (1, 2) == (result.damaged, result.removed)
    assert 1 == len(fake.messages)
    again = collect(home, fake, ARCHIVED)
    assert (1, 1, 0) == (again.known, again.removed, again.damaged)
    assert sorted(mail(3).values()) == sorted(home.contents())


def test_the_newest_stay(home: Home) -> None:
    fake = FakeServer(mail(5))

    assert 3 == collect(home, fake, replace(SOURCE, policy=LeavePolicy(keep_newest=2))).removed
    assert ["id3", "id4"] == list(fake.messages)


@pytest.mark.parametrize(
    "source",
    [
        replace(deleting(0), role=Role.READER),
        replace(SOURCE, policy=LeavePolicy(0, after_backups=1)),
    ],
)
def test_a_reader_and_a_wait_for_backups_remove_nothing(home: Home, source: Source) -> None:
    fake = FakeServer(mail(3))

    assert (3, 0) == ((result := collect(home, fake, source)).collected, result.removed)
    assert 0 == fake.count(b"DELE")


def test_what_came_short_is_kept_and_left(home: Home) -> None:
    fake = FakeServer(mail(2), says={b"LIST": b"+OK\r\n1 20\r\n2 5000\r\n.\r\n"})

    result = collect(home, fake, deleting(0))
    assert (2, 1, 1) == (result.collected, result.incomplete, result.removed)
    assert ["id1"] == list(fake.messages)
    assert 0 == collect(home, fake, deleting(0)).removed


def test_collected_mail_is_served_where_that_is_asked_for_and_there_is_room(home: Home) -> None:
    quotas = Quotas(home.database, 45)
    home = replace(home, archive=Archive(home.store, home.database, home.clock, quotas))
    fake = FakeServer(mail(3))

    result = collect(home, fake, replace(SOURCE, into_maildrop=True))
    assert (3, 1) == (result.collected, result.over_quota)
    states = sorted(message.state for message in home.listing.messages())
    assert ["archive", "maildrop", "maildrop"] == states


def test_what_another_remote_has_brought_says_so(home: Home) -> None:
    collect(home, FakeServer(mail(3)))

    result = collect(home, FakeServer(mail(4)), replace(SOURCE, remote=RemoteId(2)))
    assert (1, 3, 3) == (result.collected, result.known, result.elsewhere)
    assert 4 == len(home.contents())


SPAM = Rule("spam", Action.SKIP, fields=(FieldTest("subject", ("1",)),))
LATER = Rule("later", Action.HEADERS, fields=(FieldTest("subject", ("2",)),))
TAGGED = Rule("tagged", tags=("t",))
RULED = replace(deleting(0), name="first", rules=(SPAM, LATER, TAGGED))


def test_rules_pass_over_take_headers_and_tag(home: Home) -> None:
    fake = FakeServer(mail(4))

    result = collect(home, fake, RULED)
    assert (2, 1, 1, 2) == (result.collected, result.skipped, result.headers, result.removed)
    assert ["id1", "id2"] == list(fake.messages)
    tops = fake.count(b"TOP")
    assert (0, 1, 1) == (
        (again := collect(home, fake, RULED)).removed,
        again.skipped,
        again.headers,
    )
    assert tops == fake.count(b"TOP")
    home.ledger.want(REMOTE, ["id2"])
    assert 1 == collect(home, fake, RULED).collected
    assert ["id1"] == list(fake.messages)
    assert 1 == collect(home, fake).collected


def test_limits_leave_the_rest_for_the_next_session(home: Home) -> None:
    fake = FakeServer(mail(5))
    source = replace(SOURCE, limits=Limits(messages_per_session=2))

    results = [collect(home, fake, source) for _ in range(3)]
    assert [(2, 3), (2, 1), (1, 0)] == [(each.collected, each.held_back) for each in results]


def test_a_rehearsal_fetches_writes_and_removes_nothing(home: Home) -> None:
    fake = FakeServer(mail(4))

    steps = rehearse(home, fake, RULED)
    assert [Reason.NEW, Reason.BY_RULE, Reason.HEADER_ONLY, Reason.NEW] == [
        step.reason for step in steps
    ]
    assert (0, 0) == (fake.count(b"RETR"), fake.count(b"DELE"))
    assert {} == home.ledger.entries(REMOTE)
    collect(home, fake)
    assert {Reason.DUE} == {step.reason for step in rehearse(home, fake, deleting(0))}
    assert 4 == len(fake.messages)
