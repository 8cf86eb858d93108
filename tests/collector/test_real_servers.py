"""Collecting from a real Courier and a real popa3d, over what TLS each has; Dovecot has its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pillarbox.accounts.remote_settings import LeavePolicy
from pillarbox.archive.ledger import Removal
from pillarbox.base.secret import Secret
from pillarbox.client.connect import connect
from pillarbox.client.server import Server, Tls
from pillarbox.collector.outcome import Outcome, Result
from pillarbox.collector.source import Source
from tests.archive.home import ACCOUNT, REMOTE, Home, open_home
from tests.collector.rig import removals, run
from tests.peers.courier_server import CourierServer
from tests.peers.openssl import Certificate, make_certificate
from tests.peers.own_root import ACCOUNT as USER
from tests.peers.own_root import PASSWORD
from tests.peers.popa3d import Popa3d
from tests.peers.program import LOOPBACK

A_DAY = 86_400  # longer than any LOGIN-DELAY that Courier announces
MESSAGES = [
    b"From: a@example.org\r\nMessage-ID: <%d@example.org>\r\nSubject: %d \xe5\xb1\xb1\r\n\r\n"
    % (number, number)
    + b".\r\n..two\r\n" * number
    + b"x" * 997
    + b"\r\n"
    for number in range(60)
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def courier(certificate: Certificate) -> Iterator[CourierServer]:
    with CourierServer(certificate) as running:
        running.deliver(MESSAGES)
        yield running


@pytest.fixture
def popa3d() -> Iterator[Popa3d]:
    with Popa3d() as running:
        running.deliver(MESSAGES)
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = open_home(tmp_path / "home")
    yield opened
    opened.database.close()


def collect(home: Home, server: Server, policy: LeavePolicy) -> Result:
    source = Source(REMOTE, ACCOUNT, server, USER, Secret(PASSWORD.encode()), policy)
    home.clock.advance(A_DAY)
    return run(home, connect, source)


def all_is_well(home: Home, server: Server, more: bytes) -> Iterator[None]:
    """Collect, collect nothing, collect what is new, and remove all."""
    assert Outcome.MAIL == collect(home, server, LeavePolicy()).outcome
    assert sorted(MESSAGES) == sorted(home.contents())
    again = collect(home, server, LeavePolicy())
    assert (Outcome.NONE, 0) == (again.outcome, again.known)
    yield
    assert Outcome.MAIL == collect(home, server, LeavePolicy()).outcome
    assert sorted([*MESSAGES, more]) == sorted(home.contents())
    yield
    removed = collect(home, server, LeavePolicy(0))
    assert len(MESSAGES) + 1 == removed.removed
    assert {Removal.DONE} == set(removals(home).values())


NEW = MESSAGES[3].replace(b"3@example.org", b"new@example.org")


@pytest.mark.slow
@pytest.mark.parametrize("tls", [Tls.STLS, Tls.IMPLICIT])
def test_a_real_courier_is_collected_from_once_and_emptied(
    courier: CourierServer, certificate: Certificate, home: Home, tls: Tls
) -> None:
    port = courier.port if tls is Tls.STLS else courier.tls_port
    server = Server(LOOPBACK, port, tls, certificate.authority.certificate)

    story = all_is_well(home, server, NEW)
    next(story)
    courier.deliver([NEW])
    next(story)
    assert len(MESSAGES) + 1 == courier.count()
    next(story, None)

    assert 0 == courier.count()


@pytest.mark.slow
def test_a_real_popa3d_is_collected_from_once_and_emptied(popa3d: Popa3d, home: Home) -> None:
    server = Server(LOOPBACK, popa3d.port, Tls.NONE, allow_password_without_tls=True)

    story = all_is_well(home, server, NEW)
    next(story)
    popa3d.deliver([NEW])
    next(story)
    assert len(MESSAGES) + 1 == popa3d.count()
    next(story, None)

    assert 0 == popa3d.count()
