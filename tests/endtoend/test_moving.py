"""A move from a real Dovecot: real clients, which remember what they have, download nothing again.

They keep their lists of unique-ids and find Pillarbox where Dovecot was.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.endtoend.post_office import ACCOUNT, PostOffice
from tests.endtoend.test_real_clients import fifty_messages
from tests.peers.dovecot import Dovecot, Options
from tests.peers.fetch import Fetched, Server, Tls
from tests.peers.fetchmail import Fetchmail
from tests.peers.mpop import Mpop
from tests.peers.openssl import Certificate, make_certificate

pytestmark = pytest.mark.slow

CLIENTS: dict[str, Callable[[Path], "Client"]] = {"fetchmail": Fetchmail, "mpop": Mpop}
FORMATS = ["%08Xu%08Xv", "%v-%u"]
NEWS = b"From: a@example.org\nSubject: news\n\nSince the move.\n"


class Client(Protocol):
    def fetch(self, server: Server) -> Fetched: ...


INTEROP = pytest.mark.interop


def messages() -> list[bytes]:
    """Return mail as a Maildir has it, LF and CRLF, and one content twice."""
    found = fifty_messages()
    of_each = [each.replace(b"\r\n", b"\n") for each in found[:25]] + found[25:]
    return [*of_each, of_each[0], of_each[1].replace(b"\n", b"\r\n")]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=[FORMATS[0], *(pytest.param(each, marks=INTEROP) for each in FORMATS[1:])])
def dovecot(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[Dovecot]:
    settings = f"pop3_uidl_format = {request.param}\n"
    with Dovecot(certificate, Options(settings=settings)) as running:
        running.deliver(ACCOUNT, messages())
        yield running


@pytest.fixture
def clients(tmp_path: Path, dovecot: Dovecot, certificate: Certificate) -> dict[str, Client]:
    """Return clients that have fetched all that Dovecot has."""
    server = Server(dovecot.port, certificate.authority.certificate)
    made = {name: make(tmp_path / name) for name, make in CLIENTS.items()}
    for name, client in made.items():
        assert len(messages()) == len(client.fetch(server).messages), name
    return made


@pytest.fixture
def maildir(tmp_path: Path, dovecot: Dovecot, clients: dict[str, Client]) -> Path:
    copy = tmp_path / "Maildir"
    shutil.copytree(dovecot.folder / "mail" / ACCOUNT, copy)
    return copy


@pytest.fixture
def moved(office: PostOffice, maildir: Path) -> PostOffice:
    office.do("deliver", ACCOUNT, maildir)
    return office


@pytest.fixture
def words(maildir: Path, request: pytest.FixtureRequest) -> tuple[object, ...]:
    uidl_format = request.node.callspec.params["dovecot"]
    return ACCOUNT, maildir / "dovecot-uidlist", "--uidl-format", uidl_format


def fetched(office: PostOffice, clients: dict[str, Client]) -> dict[str, int]:
    with office.serving() as serving:
        server = serving.as_peer(Tls.STLS)
        return {name: len(client.fetch(server).messages) for name, client in clients.items()}


def test_after_a_takeover_no_client_downloads_anything_but_news(
    moved: PostOffice, clients: dict[str, Client], words: tuple[object, ...], tmp_path: Path
) -> None:
    count = len(messages())
    moved.do("maildrop", "ledger", "import", *words)
    proved = moved.do("maildrop", "ledger", "verify", *words)
    before = fetched(moved, clients)
    (tmp_path / "news.eml").write_bytes(NEWS)
    moved.do("deliver", ACCOUNT, tmp_path / "news.eml")

    assert f"0 of {count} will be downloaded again.\n".encode() == proved
    assert dict.fromkeys(CLIENTS, 0) == before
    assert dict.fromkeys(CLIENTS, 1) == fetched(moved, clients)


@pytest.mark.parametrize("dovecot", FORMATS[:1], indirect=True)
def test_without_a_takeover_every_client_downloads_all_again(
    moved: PostOffice, clients: dict[str, Client], words: tuple[object, ...]
) -> None:
    count = len(messages())

    verified = moved.run("maildrop", "ledger", "verify", *words)

    assert 1 == verified.code
    assert verified.out.startswith(f"{count} of {count} will be downloaded again.\n".encode())
    assert dict.fromkeys(CLIENTS, count) == fetched(moved, clients)
