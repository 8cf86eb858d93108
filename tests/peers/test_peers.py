"""The peers against each other: what our tests rely on when they meet Pillarbox instead.

Each client reads a real Dovecot, so a failure here is a failure of the tests' own tools.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import curl, dovecot, fetchmail, mpop, openssl
from tests.peers.curl import Curl
from tests.peers.dovecot import Dovecot
from tests.peers.fetch import Server, Tls
from tests.peers.fetchmail import Fetchmail
from tests.peers.mpop import Mpop
from tests.peers.openssl import Certificate, issue, make_authority, make_certificate
from tests.peers.program import PortTakenFault, find, free_port, is_listening, is_running

pytestmark = pytest.mark.interop

MESSAGES = [
    b"From: a@example.org\r\nSubject: %d\r\n\r\nOne line.\r\n.\r\n..dots\r\n\r\n" % number
    for number in range(1, 5)
] + ["From: a@example.org\r\nSubject: 五\r\n\r\n山田\r\n".encode()]
HOSTS = ["127.0.0.1", "localhost"]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    find("openssl")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def other_authority(tmp_path: Path) -> Path:
    return make_authority(tmp_path / "other", "Another CA").certificate


@pytest.fixture
def served(certificate: Certificate) -> Iterator[Dovecot]:
    with Dovecot(certificate) as running:
        running.deliver("mrose", MESSAGES)
        yield running
        pids = running.process.pids()

    assert [] == [pid for pid in pids if is_running(pid)]
    assert not running.folder.exists()


def at(served: Dovecot, certificate: Certificate, tls: Tls, host: str = "127.0.0.1") -> Server:
    port = served.port if tls is Tls.STLS else served.tls_port
    return Server(port, certificate.authority.certificate, tls, host)


def in_lines(message: bytes) -> bytes:
    """Give a message as a client for Unix stores it."""
    return message.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("tls", Tls)
def test_fetchmail_reads_each_message_once(
    served: Dovecot, certificate: Certificate, tmp_path: Path, tls: Tls, host: str
) -> None:
    client = Fetchmail(tmp_path / "home")
    first = client.fetch(at(served, certificate, tls, host))
    second = client.fetch(at(served, certificate, tls, host))

    assert (fetchmail.OK, MESSAGES) == (first.code, first.messages), first.done
    assert (fetchmail.NO_MAIL, []) == (second.code, second.messages), second.done
    assert MESSAGES == served.messages("mrose")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("tls", Tls)
def test_mpop_reads_each_message_once(
    served: Dovecot, certificate: Certificate, tmp_path: Path, tls: Tls, host: str
) -> None:
    client = Mpop(tmp_path / "home")
    first = client.fetch(at(served, certificate, tls, host))
    second = client.fetch(at(served, certificate, tls, host))

    assert (mpop.OK, [in_lines(m) for m in MESSAGES]) == (first.code, first.messages), first.done
    assert (mpop.OK, []) == (second.code, second.messages), second.done
    assert MESSAGES == served.messages("mrose")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("tls", Tls)
def test_curl_lists_and_retrieves(
    served: Dovecot, certificate: Certificate, tmp_path: Path, tls: Tls, host: str
) -> None:
    client, server = Curl(tmp_path), at(served, certificate, tls, host)
    listing = client.listing(server)
    bodies = [client.retrieve(server, number).out for number in range(1, 6)]
    ids = client.ask(server, "UIDL", multi_line=True).out.splitlines()

    assert (curl.OK, 5) == (listing.code, len(listing.out.splitlines())), listing
    assert MESSAGES == bodies
    assert 5 == len({line.partition(b" ")[2] for line in ids})


def test_curl_removes_what_it_is_told(
    served: Dovecot, certificate: Certificate, tmp_path: Path
) -> None:
    done = Curl(tmp_path).ask(at(served, certificate, Tls.STLS), "DELE 2")

    assert curl.OK == done.code, done
    assert MESSAGES[:1] + MESSAGES[2:] == served.messages("mrose")


def test_a_client_that_does_not_keep_empties_the_maildrop(
    served: Dovecot, certificate: Certificate, tmp_path: Path
) -> None:
    server = at(served, certificate, Tls.STLS)
    by_fetchmail = Fetchmail(tmp_path / "fetchmail", keeps=False).fetch(server)
    left = served.messages("mrose")
    served.deliver("mrose", MESSAGES[:2])
    by_mpop = Mpop(tmp_path / "mpop", keeps=False).fetch(server)

    assert (MESSAGES, []) == (by_fetchmail.messages, left), by_fetchmail.done
    assert [in_lines(m) for m in MESSAGES[:2]] == by_mpop.messages, by_mpop.done
    assert [] == served.messages("mrose")


@pytest.mark.parametrize("tls", Tls)
def test_no_client_reads_from_a_server_of_another_authority(
    served: Dovecot, certificate: Certificate, other_authority: Path, tmp_path: Path, tls: Tls
) -> None:
    server = at(served, certificate, tls).but(authority=other_authority)
    by_fetchmail = Fetchmail(tmp_path / "fetchmail").fetch(server)
    by_mpop = Mpop(tmp_path / "mpop").fetch(server)
    by_curl = Curl(tmp_path / "curl").retrieve(server, 1)

    assert (fetchmail.SOCKET, []) == (by_fetchmail.code, by_fetchmail.messages), by_fetchmail
    assert (mpop.UNAVAILABLE, []) == (by_mpop.code, by_mpop.messages), by_mpop
    assert (curl.NOT_VERIFIED, b"") == (by_curl.code, by_curl.out), by_curl
    assert "Login:" not in served.log()


def test_no_client_sends_its_password_to_a_server_without_tls(
    certificate: Certificate, tmp_path: Path
) -> None:
    options = dovecot.Options(offers_tls=False)
    with Dovecot(certificate, options) as bare:
        bare.deliver("mrose", MESSAGES)
        server = at(bare, certificate, Tls.STLS)
        by_fetchmail = Fetchmail(tmp_path / "fetchmail").fetch(server)
        by_mpop = Mpop(tmp_path / "mpop").fetch(server)
        by_curl = Curl(tmp_path / "curl").listing(server)

        assert (fetchmail.SOCKET, []) == (by_fetchmail.code, by_fetchmail.messages), by_fetchmail
        assert (mpop.UNAVAILABLE, []) == (by_mpop.code, by_mpop.messages), by_mpop
        assert (curl.TLS_REQUIRED, b"") == (by_curl.code, by_curl.out), by_curl
        assert "Login:" not in bare.log()


@pytest.mark.slow
def test_each_client_tells_a_wrong_password_by_its_code(
    served: Dovecot, certificate: Certificate, tmp_path: Path
) -> None:
    server = at(served, certificate, Tls.STLS).but(password="battery staple")
    by_fetchmail = Fetchmail(tmp_path / "fetchmail").fetch(server)
    by_mpop = Mpop(tmp_path / "mpop").fetch(server)
    by_curl = Curl(tmp_path / "curl").listing(server)

    assert fetchmail.AUTHENTICATION == by_fetchmail.code, by_fetchmail
    assert mpop.NO_PERMISSION == by_mpop.code, by_mpop
    assert curl.LOGIN_DENIED == by_curl.code, by_curl


@pytest.mark.slow
def test_fetchmail_wants_a_common_name_and_knows_no_addresses(
    certificate: Certificate, tmp_path: Path
) -> None:
    nameless = issue(certificate.authority, tmp_path / "nameless", common_name="")
    with Dovecot(nameless) as bare:
        server = at(bare, nameless, Tls.STLS, "localhost")
        refused = Fetchmail(tmp_path / "first").fetch(server)

        assert fetchmail.SOCKET == refused.code, refused
        assert curl.OK == Curl(tmp_path / "curl").listing(server).code
        assert mpop.OK == Mpop(tmp_path / "mpop").fetch(server).code
    with Dovecot(certificate) as named:
        server = at(named, certificate, Tls.STLS, "127.0.0.1")
        refused = Fetchmail(tmp_path / "second", common_name="").fetch(server)

        assert fetchmail.SOCKET == refused.code, refused


@pytest.mark.slow
def test_after_a_renumbering_every_peer_reads_everything_again(
    served: Dovecot, certificate: Certificate, tmp_path: Path
) -> None:
    server = at(served, certificate, Tls.STLS)
    clients = Fetchmail(tmp_path / "fetchmail"), Mpop(tmp_path / "mpop")
    before = [len(client.fetch(server).messages) for client in clients]
    served.renumber("mrose")
    after = [len(client.fetch(server).messages) for client in clients]

    assert [5, 5] == before
    assert [5, 5] == after
    assert MESSAGES == served.messages("mrose")


@pytest.mark.parametrize("mechanism", ["plain", "cram-md5", "scram-sha-1", "scram-sha-256"])
def test_mpop_authenticates_with(
    served: Dovecot, certificate: Certificate, tmp_path: Path, mechanism: str
) -> None:
    got = Mpop(tmp_path, auth=mechanism).fetch(at(served, certificate, Tls.STLS))

    assert (mpop.OK, 5) == (got.code, len(got.messages)), got.done
    assert f"method={mechanism.upper()}" in served.log()


def test_dovecot_keeps_its_maildrops_over_a_restart(
    served: Dovecot, certificate: Certificate, tmp_path: Path
) -> None:
    client = Fetchmail(tmp_path)
    client.fetch(at(served, certificate, Tls.STLS))
    old = served.port
    served.stop()
    silent = not is_listening(old)
    served.start()
    again = client.fetch(at(served, certificate, Tls.STLS))

    assert silent
    assert fetchmail.NO_MAIL == again.code, again


def test_dovecot_takes_another_port_when_one_was_taken(
    served: Dovecot, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = [free_port(), served.port, free_port(), free_port()]
    monkeypatch.setattr(dovecot, "free_port", lambda: ports.pop(0) if ports else free_port())
    with Dovecot(certificate) as second:
        assert [] == ports
        assert is_listening(second.port)


def test_dovecot_gives_up_when_every_port_is_taken(
    served: Dovecot, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dovecot, "free_port", lambda: served.port)
    second = Dovecot(certificate)
    with pytest.raises(PortTakenFault), second:
        pass

    assert not second.folder.exists()


def test_openssl_verifies_what_it_issued(certificate: Certificate, tmp_path: Path) -> None:
    trusted = str(certificate.authority.certificate)
    checks = ("-verify_ip", "127.0.0.1", "-verify_hostname", "localhost")
    done = openssl.openssl(
        tmp_path, "verify", "-CAfile", trusted, *checks, str(certificate.certificate)
    )

    assert done.out.endswith(b": OK\n")
