"""TLS of the real server, as the openssl program sees it: groups, names, tickets, a new pair."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from signal import SIGHUP
from socket import create_connection

import pytest

from pillarbox.net.openssl import CONFIGURATION
from tests.endtoend.post_office import PostOffice, Serving
from tests.endtoend.unmeasured import unmeasured
from tests.peers.fetch import Server, Tls
from tests.peers.openssl import Certificate, issue, make_authority, make_certificate, shake_hands
from tests.peers.program import LOOPBACK, Done

pytestmark = pytest.mark.slow
TLS = pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STLS])
VERSIONS = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with unmeasured(tmp_path_factory.mktemp("tls") / "home").serving() as serving:
        yield serving


@TLS
@VERSIONS
@pytest.mark.parametrize("group", ["P-521", "X448", "P-384", "ffdhe2048"])
def test_other_groups_are_refused(
    tls: Tls, version: str, group: str, serving: Serving, tmp_path: Path
) -> None:
    done = shake_hands(tmp_path, serving.as_peer(tls), version, "-groups", group)

    assert 0 != done.code
    assert b"alert handshake failure" in done.err


@TLS
@VERSIONS
def test_x25519_and_p_256_are_agreed_to(
    tls: Tls, version: str, serving: Serving, tmp_path: Path
) -> None:
    server = serving.as_peer(tls)
    # TLS 1.2 wants P-256 among the groups, since the certificate's key is of it.
    both = shake_hands(tmp_path, server, version, "-groups", "X25519:P-256")
    one = shake_hands(tmp_path, server, version, "-groups", "P-256")

    assert b"Server Temp Key: X25519, 253 bits\n" in both.out
    assert b"Server Temp Key: ECDH, prime256v1, 256 bits\n" in one.out


@TLS
@VERSIONS
def test_a_session_is_resumed_with_its_ticket(
    tls: Tls, version: str, serving: Serving, tmp_path: Path
) -> None:
    server = serving.as_peer(tls)
    first = shake_hands(tmp_path, server, version, "-sess_out", "ticket")
    second = shake_hands(tmp_path, server, version, "-sess_in", "ticket")

    assert b"\nNew, TLSv1." in first.out
    assert b"\nReused, TLSv1." in second.out


@TLS
def test_older_versions_and_weaker_suites_are_refused(
    tls: Tls, serving: Serving, tmp_path: Path
) -> None:
    server = serving.as_peer(tls)
    weak = ["-cipher", "ALL:!ECDHE+AESGCM:!ECDHE+CHACHA20:@SECLEVEL=0"]
    old = ["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"]
    ccm = ["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"]
    answers = [
        shake_hands(tmp_path, server, *arguments) for arguments in (["-tls1_2", *weak], old, ccm)
    ]

    assert ["alert number 40", "alert number 70", "alert number 40"] == list(map(alert, answers))


@TLS
def test_the_servers_order_of_suites_counts(tls: Tls, serving: Serving, tmp_path: Path) -> None:
    offered = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"
    done = shake_hands(tmp_path, serving.as_peer(tls), "-tls1_2", "-cipher", offered)

    assert b"Cipher is ECDHE-ECDSA-AES128-GCM-SHA256\n" in done.out


@TLS
def test_there_is_no_renegotiation_and_no_compression(
    tls: Tls, serving: Serving, tmp_path: Path
) -> None:
    done = shake_hands(tmp_path, serving.as_peer(tls), "-tls1_2", "-comp")

    assert b"Compression: NONE\n" in done.out
    assert b"Secure Renegotiation IS supported" in done.out  # RFC 5746: said, and then refused


@TLS
@VERSIONS
def test_a_client_of_another_protocol_is_told_so(
    tls: Tls, version: str, serving: Serving, tmp_path: Path
) -> None:
    server = serving.as_peer(tls)
    done = {
        names: shake_hands(tmp_path, server, version, *(["-alpn", names] if names else []))
        for names in ("pop3", "imap,pop3", "", "h2,http/1.1")
    }

    assert [0, 0, 0, 1] == [each.code for each in done.values()]
    assert b"ALPN protocol: pop3\n" in done["imap,pop3"].out
    assert b"alert no application protocol" in done["h2,http/1.1"].err


def alert(done: Done) -> str:
    """Return the number of the alert that ended a handshake: RFC 8446, section 6."""
    return done.err[done.err.rindex(b"alert number") :].split(b"\n")[0].decode()


# Certificates by name


@pytest.fixture
def office(tmp_path: Path) -> PostOffice:
    return unmeasured(tmp_path / "home")


def install(office: PostOffice, made: Certificate, name: str) -> None:
    (office.folder / "tls" / f"{name}.pem").write_bytes(made.certificate.read_bytes())
    (office.folder / "tls" / f"{name}.key").write_bytes(made.key.read_bytes())
    (office.folder / "tls" / "ca.pem").write_bytes(made.authority.certificate.read_bytes())


def set_line(office: PostOffice, old: str, new: str) -> None:
    path = office.folder / "pillarbox.toml"
    text = path.read_text("utf-8")

    assert old in text

    path.write_text(text.replace(old, new), "utf-8")


MORE = 'more = [{ certificate = "tls/other.pem", key = "tls/other.key" }]'


def two_names(office: PostOffice, folder: Path) -> None:
    authority = make_authority(folder / "authority")
    first = issue(authority, folder / "first", ("DNS:mail.example.org", "IP:127.0.0.1"))
    other = issue(authority, folder / "other", ("DNS:*.example.net",), "other")
    install(office, first, "server")
    install(office, other, "other")
    set_line(office, "more = []", MORE)


def subject(folder: Path, server: Server, *arguments: str) -> str:
    """Return the shown certificate's name, or the alert."""
    done = shake_hands(folder, server, *arguments)
    if done.code:
        return alert(done)
    return done.out[done.out.index(b"subject=") :].split(b"\n")[0].decode()


@pytest.mark.parametrize("is_strict", [False, True])
def test_the_name_that_a_client_asks_for_chooses_the_certificate(
    is_strict: bool, office: PostOffice, tmp_path: Path
) -> None:
    two_names(office, tmp_path)
    set_line(office, "strict_sni = false", f"strict_sni = {str(is_strict).lower()}")
    asked = ["mail.example.org", "pop.example.net", "a.b.example.net", "elsewhere.example"]
    with office.serving() as serving:
        came = [subject(tmp_path, serving.secure, "-servername", name) for name in asked]
        came.append(subject(tmp_path, serving.secure, "-noservername"))

    unknown = "alert number 112" if is_strict else "subject=CN = localhost"
    ours, other = "subject=CN = localhost", "subject=CN = other"
    assert [ours, other, unknown, unknown, ours] == came


# A new pair


class Session:
    """A connection that goes on while the certificate changes."""

    def __init__(self, server: Server) -> None:
        context = ssl.create_default_context(cafile=server.authority)
        plain = create_connection((LOOPBACK, server.port), timeout=20)
        self._socket = context.wrap_socket(plain, server_hostname=server.host)
        self.greeting = self._socket.recv(512)

    def ask(self, command: bytes) -> bytes:
        self._socket.sendall(command + b"\r\n")
        return self._socket.recv(4096)

    def serial(self) -> str:
        found = self._socket.getpeercert()

        assert found is not None

        return str(found["serialNumber"])

    def close(self) -> None:
        self._socket.close()


def reloaded(serving: Serving, event: bytes) -> None:
    before = serving.process.said().count(event)
    serving.process.send(SIGHUP)
    serving.process.wait_until(lambda: serving.process.said().count(event) > before)


def test_a_new_pair_is_taken_while_a_session_goes_on(office: PostOffice, tmp_path: Path) -> None:
    with office.serving() as serving:
        old = Session(serving.secure)
        made = make_certificate(tmp_path / "new")
        install(office, made, "server")
        reloaded(serving, b" certificate.loaded\n")
        new = Session(serving.secure)

        assert b"+OK" == old.ask(b"CAPA")[:3]
        assert old.serial() != new.serial()
        assert [b"+OK", b"+OK"] == [each.ask(b"QUIT")[:3] for each in (old, new)]
        old.close()
        new.close()
    assert b" certificate.expires " in serving.process.said()  # the new one lasts two days


def test_a_ticket_is_not_taken_under_a_new_certificate(office: PostOffice, tmp_path: Path) -> None:
    with office.serving() as serving:
        shake_hands(tmp_path, serving.secure, "-sess_out", "ticket")
        install(office, make_certificate(tmp_path / "new"), "server")
        reloaded(serving, b" certificate.loaded\n")
        done = shake_hands(tmp_path, serving.secure, "-sess_in", "ticket")

    assert b"\nNew, TLSv1.3" in done.out


def test_one_bad_pair_refuses_all_new_ones(office: PostOffice, tmp_path: Path) -> None:
    two_names(office, tmp_path)
    with office.serving() as serving:
        old = Session(serving.secure)
        trusted = office.authority.read_bytes()
        fresh = make_certificate(tmp_path / "fresh")
        install(office, fresh, "server")
        (office.folder / "tls" / "other.key").write_bytes(fresh.key.read_bytes())  # not its own
        reloaded(serving, b" certificate.refused ")
        whole = fresh.certificate.read_bytes()
        (office.folder / "tls" / "server.pem").write_bytes(whole[: len(whole) // 2])
        reloaded(serving, b" certificate.refused ")
        office.authority.write_bytes(trusted)

        new = Session(serving.secure)

        assert old.serial() == new.serial()
        assert [b"+OK", b"+OK"] == [each.ask(b"QUIT")[:3] for each in (old, new)]
        old.close()
        new.close()


# Where OpenSSL would agree to more


def groups_of(office: PostOffice, folder: Path) -> tuple[bytes, list[int]]:
    """Return what the journal says, and how handshakes with P-521, X25519 and P-256 end."""
    with office.serving() as serving:
        codes = [
            shake_hands(folder, serving.secure, "-tls1_3", "-groups", group).code
            for group in ("P-521", "X25519", "P-256")
        ]
        return serving.process.said(), codes


def test_nothing_is_said_where_the_groups_are_right(office: PostOffice, tmp_path: Path) -> None:
    said, codes = groups_of(office, tmp_path)

    assert b"tls.narrowed" not in said
    assert [1, 0, 0] == codes


def test_an_administrators_wider_groups_are_cut_down_and_the_journal_says_so(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own.cnf"
    text = CONFIGURATION.read_text("ascii")
    own.write_text(text.replace("X25519:P-256", "X448:P-521:X25519:P-256"), "ascii")
    said, codes = groups_of(unmeasured(tmp_path / "home", OPENSSL_CONF=str(own)), tmp_path)

    assert b" tls.narrowed to=P-256 without=P-521,X448\n" in said
    assert [1, 1, 0] == codes


def test_an_administrators_right_groups_are_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "own.cnf"
    own.write_bytes(CONFIGURATION.read_bytes())
    said, codes = groups_of(unmeasured(tmp_path / "home", OPENSSL_CONF=str(own)), tmp_path)

    assert b"tls.narrowed" not in said
    assert [1, 0, 0] == codes
