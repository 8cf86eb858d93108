"""fetchmail and mpop fetch the maildrop with the test CA, and the second time there is no news."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from tests.delivery.corpus import canonical, is_sendable, message_files
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving
from tests.peers import fetchmail, mpop
from tests.peers.fetch import Fetched, Server, Tls

COUNT = 50
HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r\n")
pytestmark = pytest.mark.slow


class Client(Protocol):
    def fetch(self, server: Server) -> Fetched: ...


def made_up() -> list[bytes]:
    """Return messages for where there is no corpus: dots, 8-bit octets, long lines."""
    bodies = [b".\r\n..\r\n.end\r\n", "Grüße 日本語\r\n".encode(), b"x" * 5000 + b"\r\n", b"\r\n"]
    return [
        f"From: a@example.org\r\nSubject: {number}\r\n\r\n".encode() + bodies[number % len(bodies)]
        for number in range(COUNT)
    ]


def fifty_messages() -> list[bytes]:
    """Return messages that no client changes: they have a header and short lines."""
    found = [canonical(path.read_bytes()) for path in message_files()]
    fit = [
        each
        for each in found
        if is_sendable(each)
        and each.endswith(b"\r\n")
        and HEADER.match(each)
        and b"\0" not in each
        and len(each) < 100_000
        and max(map(len, each.split(b"\r\n"))) < 998
    ]
    return fit[:COUNT] if len(fit) >= COUNT else made_up()


@pytest.fixture
def messages(office: PostOffice, tmp_path: Path) -> list[bytes]:
    sources, messages = tmp_path / "sources", fifty_messages()
    sources.mkdir()
    for number, message in enumerate(messages):
        (sources / f"{number:02}.eml").write_bytes(message)
    office.do("deliver", ACCOUNT, sources)
    return messages


CLIENTS: dict[str, tuple[Callable[[Path], Client], int]] = {
    "fetchmail": (fetchmail.Fetchmail, fetchmail.NO_MAIL),
    "mpop": (mpop.Mpop, mpop.OK),
}


@pytest.mark.parametrize("tls", Tls)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_real_client_fetches_every_message_once(
    name: str, tls: Tls, messages: list[bytes], serving: Serving, tmp_path: Path
) -> None:
    make, no_mail = CLIENTS[name]
    client = make(tmp_path / name)

    first = client.fetch(serving.as_peer(tls))
    second = client.fetch(serving.as_peer(tls))

    assert 0 == first.code, first.done.err
    assert [each.replace(b"\r\n", b"\n") for each in messages] == [
        each.replace(b"\r\n", b"\n") for each in first.messages
    ]
    assert no_mail == second.code, second.done.err
    assert [] == second.messages


@pytest.mark.parametrize("name", CLIENTS)
def test_a_real_client_that_removes_leaves_an_empty_maildrop(
    name: str, messages: list[bytes], office: PostOffice, serving: Serving, tmp_path: Path
) -> None:
    home = tmp_path / name
    client: Client = (
        fetchmail.Fetchmail(home, keeps=False)
        if name == "fetchmail"
        else mpop.Mpop(home, keeps=False)
    )

    fetched = client.fetch(serving.secure)

    assert len(messages) == len(fetched.messages)
    assert [] == office.answer("maildrop", "list", ACCOUNT)
