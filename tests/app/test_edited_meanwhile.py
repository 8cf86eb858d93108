"""Whoever edits a remote while its old settings fail does not wait for the rest that they earn."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pillarbox.accounts.remote_settings import RemoteSettings
from pillarbox.base.secret import Secret
from pillarbox.collector.outcome import Outcome
from tests.app.collecting_rig import Gated, Rig, open_rig, until
from tests.collector.rig import mail

NO = b"-ERR [AUTH] no\r\n"


@contextmanager
def refusing(folder: Path) -> Iterator[tuple[Rig, Gated]]:
    """Give a remote that was never tried, whose server takes no password."""
    server = Gated(mail(1), says={b"PASS": NO, b"AUTH": NO}, is_shut=True)
    with open_rig(folder / "home", {"one": server}) as rig:
        rig.add("there", "one")
        yield rig, server


def fail_while(rig: Rig, server: Gated, change: Callable[[], object]) -> None:
    async def work() -> None:
        async with rig.watching():
            await until(lambda: server.connections == 1)
            await asyncio.to_thread(change)
            server.gate.set()
            await until(lambda: rig.heard.results)

    asyncio.run(work())


def as_it_is(settings: RemoteSettings) -> RemoteSettings:
    return settings


def test_another_password_ends_the_rest_that_the_old_one_is_about_to_earn(tmp_path: Path) -> None:
    with refusing(tmp_path) as (rig, server):
        fail_while(
            rig, server, lambda: rig.system.remotes.edit("there", as_it_is, Secret(b"another"))
        )
        state = rig.state("there")

    assert Outcome.AUTHENTICATION is rig.heard.results[0].result.outcome
    assert ("authentication", 0, 0) == (state.outcome, state.failures, state.next_at)


def test_what_nobody_edits_rests(tmp_path: Path) -> None:
    with refusing(tmp_path) as (rig, server):
        fail_while(rig, server, lambda: None)
        state = rig.state("there")

    assert 1 == state.failures
    assert state.next_at > rig.clock.now()


def test_each_edit_is_counted_also_where_nothing_was_tried(tmp_path: Path) -> None:
    with refusing(tmp_path) as (rig, _server):
        for _ in range(2):
            rig.system.remotes.edit("there", as_it_is)

        assert 2 == rig.state("there").edits
