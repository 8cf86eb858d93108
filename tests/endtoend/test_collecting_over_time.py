"""`collect --watch` and `serve` as real processes, collecting from a server beside them."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.collector.outcome import Outcome
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving, open_office
from tests.peers.program import Process

pytestmark = pytest.mark.slow


@pytest.fixture
def ours(tmp_path: Path) -> PostOffice:
    """Give the home that is collected into."""
    return open_office(tmp_path / "ours")


@pytest.fixture
def there(office: PostOffice) -> Iterator[Serving]:
    """Serve one message from another home."""
    deliver(office, 0)
    with office.serving() as serving:
        yield serving


def deliver(office: PostOffice, number: int) -> None:
    path = office.folder.with_name(f"{number}.eml")
    path.write_bytes(b"Subject: %d\r\n\r\nx\r\n" % number)
    office.do("deliver", ACCOUNT, path)


def count(ours: PostOffice) -> int:
    return len(ours.answer("archive", "list"))


def test_watching_brings_what_comes_and_what_is_added_until_it_is_told_to_stop(
    office: PostOffice, there: Serving, ours: PostOffice, tmp_path: Path
) -> None:
    ours.add_remote("there", there.secure, "--every", "60")
    ours.do("remote", "pause", "there")
    ours.add_remote("also", there.secure, "--every", "60")
    log = tmp_path / "watch.log"

    with Process(
        ours.command("collect", "--watch", "--events"), env=ours.environment, output=log
    ) as watching:
        watching.wait_until(lambda: count(ours) == 1)
        deliver(office, 1)
        ours.do("remote", "resume", "there")
        watching.wait_until(lambda: count(ours) == 2)
        watching.wait_until(lambda: log.read_text("utf-8").count('"event": "ended"') == 2)
        watching.send(signal.SIGTERM)
        code = watching.wait()

    events = [json.loads(line) for line in log.read_text("utf-8").splitlines()]

    assert Outcome.MAIL == code
    assert ["also", "there"] == [each["remote"] for each in events if each["event"] == "ended"]


def test_a_server_collects_too(there: Serving, ours: PostOffice) -> None:
    ours.add_remote("there", there.secure)

    with ours.serving() as serving:
        serving.process.wait_until(lambda: count(ours) == 1)

    journal = ours.folder.with_name("ours.log").read_text("utf-8")

    assert " remote.collected remote=there count=1 " in journal
