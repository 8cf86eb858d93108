"""An authorization server, a client of it, and a clock that the waits turn."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from pillarbox.accounts.oauth.flows import Network
from pillarbox.accounts.oauth.grant import Client
from pillarbox.base.clock import FakeClock
from tests.peers.authorization_server import CLIENT_ID, SCOPE, State, authorizing


@dataclass
class Waits:
    """What was waited for; each turns the clock."""

    clock: FakeClock
    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.clock.advance(seconds)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def waits(clock: FakeClock) -> Waits:
    return Waits(clock)


@pytest.fixture
def network(clock: FakeClock, waits: Waits) -> Network:
    return Network(clock, waits)


@pytest.fixture
def there() -> Iterator[State]:
    with authorizing() as state:
        yield state


@pytest.fixture
def client(there: State) -> Client:
    return Client(
        CLIENT_ID,
        f"{there.url}/token",
        SCOPE,
        "XOAUTH2",
        f"{there.url}/authorize",
        f"{there.url}/device",
    )
