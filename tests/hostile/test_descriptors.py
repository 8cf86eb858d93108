"""A server that may open no more files: it waits, says so seldom, and goes on when it can.

The row of the threat model is sl2.
"""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.endtoend.plain_client import DEADLINE, connected
from tests.endtoend.post_office import Serving, open_office

FLOOD = 30
EVENT = b"listener.exhausted"
pytestmark = pytest.mark.slow


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with open_office(tmp_path / "home").serving() as serving:
        yield serving


@contextmanager
def narrow(serving: Serving) -> Iterator[None]:
    """Let the server open four files more, inside the block."""
    pid = serving.process.pid
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    most = max(int(path.name) for path in Path(f"/proc/{pid}/fd").iterdir()) + 5
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, limits[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def has_said(serving: Serving, count: int) -> bool:
    return serving.process.said().count(EVENT) >= count


def test_a_flood_that_takes_every_descriptor_is_survived(serving: Serving) -> None:
    address = ("127.0.0.1", serving.ports["pop3"])
    with narrow(serving), ExitStack() as flood:
        for _ in range(FLOOD):
            flood.enter_context(socket.create_connection(address, DEADLINE))
        serving.process.wait_until(partial(has_said, serving, 3))

    with connected(serving.ports["pop3s"], serving.authority) as client:
        assert client.login().startswith(b"+OK")
    said = serving.process.said()
    assert b"Traceback" not in said
    assert said.count(EVENT) < FLOOD
