"""Sessions whose password is worth nothing any more end at once, and remove nothing."""

import asyncio

import pytest

from pillarbox.base.names import AccountId, DeviceId, Ended, Identity
from pillarbox.server.ending import Ending
from tests.server.rig import ACCOUNT, FakeStore, Rig, Talk, converse

PHONE = DeviceId(7)
WHOLE = Ended(5, ACCOUNT, None, is_whole_account=True)


@pytest.mark.parametrize(
    ("ended", "identity", "is_meant"),
    [
        (Ended(5, ACCOUNT, PHONE), Identity(ACCOUNT, PHONE), True),
        (Ended(5, ACCOUNT, PHONE), Identity(ACCOUNT), False),
        (Ended(5, ACCOUNT, None), Identity(ACCOUNT), True),
        (Ended(5, ACCOUNT, None), Identity(ACCOUNT, PHONE), False),
        (WHOLE, Identity(ACCOUNT, PHONE), True),
        (WHOLE, Identity(AccountId(2), PHONE), False),
    ],
)
def test_a_device_the_main_password_or_a_whole_account_is_meant(
    ended: Ended, identity: Identity, is_meant: bool
) -> None:
    ending = Ending()
    ending.proof_begins(4)
    ending.proved(identity)

    ending.hear(ended)

    assert is_meant == ending.has_come


def test_what_is_older_than_the_proof_ends_nothing() -> None:
    ending = Ending()
    ending.proof_begins(5)
    ending.proved(Identity(ACCOUNT))

    ending.hear(WHOLE)

    assert not ending.has_come


def test_what_was_heard_during_the_proof_counts_once_it_is_made() -> None:
    ending = Ending()
    ending.proof_begins(4)
    ending.hear(WHOLE)

    ending.proved(Identity(ACCOUNT))

    assert ending.has_come


def test_what_was_heard_before_a_later_proof_is_forgotten() -> None:
    ending = Ending()
    ending.hear(WHOLE)
    ending.proof_begins(5)

    ending.proved(Identity(ACCOUNT))

    assert not ending.has_come


def test_a_session_that_waits_ends_at_once_and_removes_nothing() -> None:
    rig = Rig()

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"DELE 1\r\n")
        talk.driver.end(WHOLE)
        assert b"" == await talk.rest()
        await talk.session

    converse(rig, talk)

    assert "revoked" == rig.why
    assert (2, False) == (rig.store.count(), rig.store.is_leased())


def test_a_session_ends_though_its_client_does_not_read() -> None:
    rig = Rig(store=FakeStore(50_000_000))

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.stream.write(b"RETR 1\r\n")
        await talk.stream.read()
        talk.driver.end(WHOLE)
        await talk.session

    converse(rig, talk)

    assert "revoked" == rig.why


def test_an_update_under_way_ends_first_and_says_so() -> None:
    rig = Rig()

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.ask(b"DELE 1\r\n")
        rig.store.has_begun.clear()
        rig.store.may_end.clear()
        await talk.stream.write(b"QUIT\r\n")
        await asyncio.to_thread(rig.store.has_begun.wait)
        talk.driver.end(WHOLE)
        rig.store.may_end.set()
        assert b"+OK Goodbye.\r\n" == await talk.rest()

    converse(rig, talk)

    assert ("end", 1) == (rig.why, rig.store.count())


class Eager(FakeStore):
    """A store while whose maildrop is being opened the account's sessions are ended."""

    talk: Talk

    def wait(self, step: str) -> None:
        if step == "open":
            self.talk.driver.end(WHOLE)


def test_a_session_that_is_being_let_in_meanwhile_is_not_served() -> None:
    store = Eager(100)
    rig = Rig(store=store)

    async def talk(talk: Talk) -> None:
        store.talk = talk
        await talk.until(b"ready.\r\n")
        await talk.stream.write(b"USER mrose\r\nPASS correct horse\r\nDELE 1\r\nQUIT\r\n")
        assert b"messages" not in await talk.rest()

    converse(rig, talk)

    assert ("revoked", 1) == (rig.why, rig.store.count())


def test_what_was_marked_is_not_removed_by_a_quit_that_is_there_already() -> None:
    rig = Rig(store=FakeStore(50_000_000, 100))

    async def talk(talk: Talk) -> None:
        await talk.login()
        await talk.stream.write(b"DELE 2\r\nRETR 1\r\nQUIT\r\n")
        await talk.stream.read()
        talk.driver.end(WHOLE)
        await talk.session

    converse(rig, talk)

    assert ("revoked", 2) == (rig.why, rig.store.count())
