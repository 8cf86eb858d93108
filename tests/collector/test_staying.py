"""A server hears that we are still there while our own disk is at work."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic, sleep

import pytest

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.keep import Archive, Filed, Origin
from pillarbox.base.names import RemoteId
from pillarbox.client.alive import kept_alive
from pillarbox.collector import session
from tests.archive.home import Home
from tests.client.fake_server import FakeServer
from tests.collector.rig import SOURCE, collect, mail

LONGEST_SECONDS = 20.0  # then no NOOP is to come any more
ARCHIVED = replace(SOURCE, policy=LeavePolicy(when_archived=True))
Wait = Callable[[], None]


class SlowToKeep(Archive):
    wait: Wait

    def keep_all(self, messages: Sequence[tuple[bytes, Origin]]) -> list[Filed]:
        self.wait()
        return super().keep_all(messages)


class SlowToVerify(Archive):
    wait: Wait

    def verify(self, remote: RemoteId, unique_ids: Collection[str]) -> Collection[str]:
        self.wait()
        return super().verify(remote, unique_ids)


@pytest.mark.parametrize("kind", [SlowToKeep, SlowToVerify])
def test_a_server_hears_noop_until_our_own_disk_is_done(
    home: Home, monkeypatch: pytest.MonkeyPatch, kind: type[SlowToKeep | SlowToVerify]
) -> None:
    fake = FakeServer(mail(3))
    archive = kind(home.store, home.database, home.clock)

    def wait() -> None:
        end = monotonic() + LONGEST_SECONDS
        while not fake.count(b"NOOP") and monotonic() < end:
            sleep(0.001)

    archive.wait = wait
    monkeypatch.setattr(session, "kept_alive", partial(kept_alive, seconds=0.001))
    result = collect(replace(home, archive=archive), fake, ARCHIVED)

    assert (3, 3) == (result.collected, result.removed)
    assert fake.count(b"NOOP")


def test_a_session_that_waits_for_nothing_says_no_noop(home: Home) -> None:
    fake = FakeServer(mail(3))

    collect(home, fake, ARCHIVED)

    assert 0 == fake.count(b"NOOP")
