"""The real HAProxy before us: clients log in through it, and the journal names them, not it."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.endtoend.plain_client import DEADLINE, PlainClient
from tests.endtoend.post_office import ACCOUNT, PostOffice, Serving, open_office
from tests.peers.fetch import Server, Tls
from tests.peers.haproxy import OWN_ADDRESS, haproxy

CLIENT = "127.0.0.3"
OPTIONS = {
    "version 1": "send-proxy",
    "version 2": "send-proxy-v2",
    "version 2 with all it can tell": "send-proxy-v2 proxy-v2-options crc32c,unique-id,authority",
}


@pytest.fixture
def office(tmp_path: Path) -> PostOffice:
    """Give a home that trusts HAProxy alone."""
    office = open_office(tmp_path / "home")
    path = office.folder / "pillarbox.toml"
    text = path.read_text("utf-8")
    text = text.replace("pop3s_proxied = []", 'pop3s_proxied = ["127.0.0.1:0"]')
    text = text.replace("trusted = []", f'trusted = ["{OWN_ADDRESS}"]')
    path.write_text(text, "utf-8")
    message = tmp_path / "one.eml"
    message.write_bytes(b"Subject: one\r\n\r\nText.\r\n")
    office.do("deliver", ACCOUNT, message)
    return office


@contextmanager
def logged_in(port: int, authority: Path) -> Iterator[PlainClient]:
    """Give a client that comes from another address of loopback."""
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(("127.0.0.1", port), DEADLINE, (CLIENT, 0)) as bare,
        context.wrap_socket(bare, server_hostname="127.0.0.1") as sock,
    ):
        client = PlainClient(sock)
        assert client.line().startswith(b"+OK")
        assert client.login().startswith(b"+OK")
        yield client


def has_said(serving: Serving, text: str) -> bool:
    return text.encode() in serving.process.said()


@pytest.mark.interop
@pytest.mark.parametrize("options", OPTIONS)
def test_the_journal_names_the_client_and_not_the_balancer(
    office: PostOffice, tmp_path: Path, options: str
) -> None:
    with (
        office.serving() as serving,
        haproxy(tmp_path / "haproxy", serving.ports["pop3s_proxied"], OPTIONS[options]) as proxy,
    ):
        with logged_in(proxy.port, serving.authority) as client:
            assert client.ask("STAT").startswith(b"+OK 1 ")
            client.ask("QUIT")
        serving.process.wait_until(
            partial(has_said, serving, f"session.closed peer={CLIENT} why=end")
        )

        assert has_said(serving, f"login.accepted peer={CLIENT} account=")
        assert not has_said(serving, OWN_ADDRESS)


@pytest.mark.interop
def test_our_own_collector_comes_through(office: PostOffice, tmp_path: Path) -> None:
    ours = open_office(tmp_path / "ours")
    with (
        office.serving() as serving,
        haproxy(tmp_path / "haproxy", serving.ports["pop3s_proxied"], "send-proxy-v2") as proxy,
    ):
        ours.add_remote("there", Server(proxy.port, office.authority, Tls.IMPLICIT))
        done = ours.run("collect")

        assert 0 == done.code, done.err
        assert 1 == len(ours.answer("archive", "list"))
        assert has_said(serving, "login.accepted peer=127.0.0.1 account=")


@pytest.mark.interop
def test_a_balancer_that_looks_whether_we_live_is_let_in(
    office: PostOffice, tmp_path: Path
) -> None:
    checks = "send-proxy-v2 check check-send-proxy inter 100ms"
    with (
        office.serving() as serving,
        haproxy(tmp_path / "haproxy", serving.ports["pop3s_proxied"], checks) as proxy,
    ):
        # It speaks for itself (LOCAL), and leaves once it is connected.
        serving.process.wait_until(partial(has_said, serving, f"session.closed peer={OWN_ADDRESS}"))
        with logged_in(proxy.port, serving.authority) as client:
            assert client.ask("STAT").startswith(b"+OK 1 ")

        assert not has_said(serving, "connection.refused")


@pytest.mark.slow
def test_nobody_gets_in_beside_the_balancer(office: PostOffice) -> None:
    with office.serving() as serving:
        port = serving.ports["pop3s_proxied"]
        with socket.create_connection(("127.0.0.1", port), DEADLINE, (CLIENT, 0)) as sock:
            sock.sendall(b"PROXY TCP4 203.0.113.9 127.0.0.1 56324 995\r\n")

            assert b"" == received(sock)
        serving.process.wait_until(
            partial(has_said, serving, f"connection.refused peer={CLIENT} why=not-trusted")
        )

        assert not has_said(serving, "203.0.113.9")


def received(sock: socket.socket) -> bytes:
    """Return what comes, and nothing for a connection that was reset."""
    try:
        return sock.recv(1)
    except ConnectionResetError:
        return b""
