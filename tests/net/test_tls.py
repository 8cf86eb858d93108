"""TLS: who cannot prove who they are gets nothing, and a bad file breaks nothing that runs."""

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pillarbox.app.certificates import make_certificates
from pillarbox.base.errors import OperatorFault, PeerFault
from pillarbox.net.certificates import Certificates, Pair
from pillarbox.net.contexts import ALPN, client_context, server_context
from pillarbox.net.deadline import within
from pillarbox.net.memory import MemoryStream, memory_pair
from pillarbox.net.socket_stream import SocketStream
from pillarbox.net.stream import Stream
from pillarbox.net.tls import TlsFault, TlsStream, secure_as_client, secure_as_server
from tests.net.test_streams import sockets

SECONDS = 30.0


@dataclass(frozen=True)
class Files:
    ca: Path
    certificate: Path
    key: Path

    @property
    def pair(self) -> Pair:
        return Pair(self.certificate, self.key)

    def serve(self) -> Certificates:
        return Certificates([self.pair])

    def trust(self) -> ssl.SSLContext:
        return client_context(self.ca)


def make_files(folder: Path, made_at: datetime | None = None) -> Files:
    folder.mkdir()
    made = make_certificates("mail.example.org", made_at or datetime.now(UTC))
    files = Files(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")
    files.ca.write_bytes(made.ca)
    files.certificate.write_bytes(made.certificate)
    files.key.write_bytes(made.key)
    return files


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("tls") / "good")


async def ends_of(carrier: str) -> tuple[Stream, Stream]:
    return memory_pair() if carrier == "memory" else await sockets(carrier)


async def secure(
    ends: tuple[Stream, Stream],
    client: ssl.SSLContext,
    server: Certificates,
    host: str = "mail.example.org",
) -> tuple[TlsStream | BaseException, TlsStream | BaseException]:
    async with within(SECONDS):
        return await asyncio.gather(
            secure_as_client(ends[0], client, host),
            secure_as_server(ends[1], server),
            return_exceptions=True,
        )


async def secured_in_memory(
    client: ssl.SSLContext, server: Certificates
) -> tuple[TlsStream, TlsStream, MemoryStream, MemoryStream]:
    near, far = memory_pair()
    made = await secure((near, far), client, server)
    assert isinstance(made[0], TlsStream)
    assert isinstance(made[1], TlsStream)
    return made[0], made[1], near, far


def why_refused(
    carrier: str, client: ssl.SSLContext, server: Certificates, host: str = "mail.example.org"
) -> str:
    """Return why the client refused."""

    async def attempt() -> str:
        ends = await ends_of(carrier)
        came = await secure(ends, client, server, host)
        for end in ends:
            end.abort()
        assert isinstance(came[0], TlsFault)
        # With TLS 1.3 the server is done before the client has judged it; the alert comes later.
        assert isinstance(came[1], TlsStream | TlsFault)
        return str(came[0])

    return asyncio.run(attempt())


CARRIERS = pytest.mark.parametrize("carrier", ["memory", "tcp"])


@CARRIERS
def test_a_certificate_that_has_run_out_is_refused(carrier: str, tmp_path: Path) -> None:
    old = make_files(tmp_path / "old", datetime.now(UTC) - timedelta(days=500))

    assert "expired" in why_refused(carrier, old.trust(), old.serve())


@CARRIERS
def test_a_certificate_from_the_future_is_refused(carrier: str, tmp_path: Path) -> None:
    early = make_files(tmp_path / "early", datetime.now(UTC) + timedelta(days=2))

    assert "not yet valid" in why_refused(carrier, early.trust(), early.serve())


@CARRIERS
@pytest.mark.parametrize("host", ["mail.example.com", "example.org", "192.0.2.1"])
def test_a_certificate_for_somebody_else_is_refused(carrier: str, host: str, files: Files) -> None:
    assert "mismatch" in why_refused(carrier, files.trust(), files.serve(), host)


@CARRIERS
def test_a_certificate_of_an_unknown_authority_is_refused(
    carrier: str, files: Files, tmp_path: Path
) -> None:
    other = make_files(tmp_path / "other")

    assert "certificate" in why_refused(carrier, other.trust(), files.serve())
    assert "certificate" in why_refused(carrier, client_context(None), files.serve())


@CARRIERS
def test_a_peer_that_speaks_no_tls_is_refused(carrier: str, files: Files) -> None:
    async def attempt() -> None:
        near, far = await ends_of(carrier)
        await far.write(b"+OK POP3 ready\r\n")
        with pytest.raises(TlsFault, match="handshake failed"):
            await secure_as_client(near, files.trust(), "mail.example.org")
        near.abort()
        far.abort()

    asyncio.run(attempt())


@CARRIERS
def test_a_peer_that_leaves_during_the_handshake_is_a_fault(carrier: str, files: Files) -> None:
    async def attempt() -> None:
        near, far = await ends_of(carrier)
        closing = asyncio.ensure_future(far.close())
        with pytest.raises(PeerFault):
            await secure_as_client(near, files.trust(), "mail.example.org")
        near.abort()
        await closing

    asyncio.run(attempt())


def old_version(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-SHA")  # neither forward secret nor authenticated


def test_a_client_with_weak_ciphers_only_is_refused_by_both(files: Files) -> None:
    weak = files.trust()
    old_version(weak)

    async def attempt() -> None:
        came = await secure(memory_pair(), weak, files.serve())
        assert [TlsFault, TlsFault] == [type(end) for end in came]

    asyncio.run(attempt())


def test_no_context_goes_below_version_1_2_or_without_verification(files: Files) -> None:
    client = files.trust()

    server = server_context(files.certificate, files.key)

    assert ssl.TLSVersion.TLSv1_2 == client.minimum_version == server.minimum_version
    assert ssl.CERT_REQUIRED == client.verify_mode
    assert client.check_hostname


def test_both_ends_agree_that_they_speak_pop3(files: Files) -> None:
    async def agree() -> list[str | None]:
        client, server, _, _ = await secured_in_memory(files.trust(), files.serve())
        return [end._tls.selected_alpn_protocol() for end in (client, server)]

    assert [ALPN, ALPN] == asyncio.run(agree())


def test_both_ends_have_the_same_end_point(files: Files) -> None:
    async def bind() -> list[bytes | None]:
        client, server, _, _ = await secured_in_memory(files.trust(), files.serve())
        return [client.end_point, server.end_point]

    [certificate, _] = x509.load_pem_x509_certificates(files.certificate.read_bytes())
    expected = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()

    assert [expected, expected] == asyncio.run(bind())


def test_there_is_no_end_point_without_tls() -> None:
    assert [None, None] == [end.end_point for end in memory_pair()]
    assert SocketStream().end_point is None


def test_a_close_says_so_inside_tls(files: Files) -> None:
    async def close() -> bool:
        client, server, _, far = await secured_in_memory(files.trust(), files.serve())
        await client.write(b"QUIT\r\n")
        assert b"QUIT\r\n" == await server.read()
        await client.close()
        is_said = far.has_unread
        assert b"" == await server.read()
        return is_said

    assert asyncio.run(close())


def test_an_end_without_close_notify_is_an_end_too(files: Files) -> None:
    async def cut() -> bytes:
        _, server, near, _ = await secured_in_memory(files.trust(), files.serve())
        await near.close()
        return await server.read()

    assert b"" == asyncio.run(cut())


def test_octets_that_are_no_tls_are_a_fault_and_no_text(files: Files) -> None:
    async def inject() -> None:
        _, server, near, _ = await secured_in_memory(files.trust(), files.serve())
        await near.write(b"QUIT\r\nQUIT\r\nQUIT\r\n")
        with pytest.raises(TlsFault):
            await server.read()

    asyncio.run(inject())


def test_nothing_can_be_written_once_close_notify_was_said(files: Files) -> None:
    async def write() -> None:
        client, _, _, _ = await secured_in_memory(files.trust(), files.serve())
        await client.close()
        with pytest.raises(TlsFault):
            await client.write(b"NOOP\r\n")

    asyncio.run(write())


def test_octets_are_unread_at_whichever_layer_they_wait(files: Files) -> None:
    async def look() -> list[bool]:
        client, server, _, _ = await secured_in_memory(files.trust(), files.serve())
        seen = [server.has_unread]
        await client.write(b"one")
        seen.append(server.has_unread)
        await client.write(b"two")
        assert b"one" == await server.read()
        seen.append(server.has_unread)
        assert b"two" == await server.read()
        seen.append(server.has_unread)
        return seen

    assert [False, True, True, False] == asyncio.run(look())


def test_no_octet_of_plain_text_is_on_the_wire(files: Files) -> None:
    async def overhear() -> bytes:
        client, _, _, far = await secured_in_memory(files.trust(), files.serve())
        await client.write(b"PASS hunter2\r\n")
        return await far.read()

    assert b"hunter2" not in asyncio.run(overhear())


def served_by(certificates: Certificates, client: ssl.SSLContext) -> bool:
    async def attempt() -> bool:
        came = await secure(memory_pair(), client, certificates)
        return isinstance(came[0], TlsStream)

    return asyncio.run(attempt())


def replace(files: Files, certificate: bytes, key: bytes) -> None:
    files.certificate.write_bytes(certificate)
    files.key.write_bytes(key)


def rotate(files: Files, other: Files) -> None:
    replace(files, other.certificate.read_bytes(), other.key.read_bytes())


def test_a_new_pair_is_served_from_the_next_handshake_on(tmp_path: Path) -> None:
    old, new = make_files(tmp_path / "old"), make_files(tmp_path / "new")
    trust = old.trust()
    certificates = old.serve()
    rotate(old, new)
    certificates.reload()

    assert served_by(certificates, new.trust())
    assert not served_by(certificates, trust)


def test_a_session_outlives_the_pair_that_it_began_with(tmp_path: Path) -> None:
    old, new = make_files(tmp_path / "old"), make_files(tmp_path / "new")

    async def talk() -> bytes:
        certificates = old.serve()
        client, server, _, _ = await secured_in_memory(old.trust(), certificates)
        bound = server.end_point
        rotate(old, new)
        certificates.reload()
        await client.write(b"NOOP\r\n")
        assert bound == server.end_point == client.end_point
        return await server.read()

    assert b"NOOP\r\n" == asyncio.run(talk())


def nonsense(files: Files, folder: Path) -> None:
    replace(files, b"nonsense", files.key.read_bytes())


def missing(files: Files, folder: Path) -> None:
    files.certificate.unlink()


def anothers_key(files: Files, folder: Path) -> None:
    files.key.write_bytes(make_files(folder / "another").key.read_bytes())


def half_written(files: Files, folder: Path) -> None:
    octets = files.certificate.read_bytes()
    files.certificate.write_bytes(octets[: len(octets) // 3])


def half_written_key(files: Files, folder: Path) -> None:
    octets = files.key.read_bytes()
    files.key.write_bytes(octets[: len(octets) // 2])


@pytest.mark.parametrize("spoil", [nonsense, missing, anothers_key, half_written, half_written_key])
def test_a_bad_pair_is_named_and_the_old_one_goes_on_being_served(
    spoil: Callable[[Files, Path], None], tmp_path: Path
) -> None:
    files = make_files(tmp_path / "files")
    certificates = files.serve()
    spoil(files, tmp_path)

    with pytest.raises(OperatorFault, match=r"certificate\.pem and .* cannot be used"):
        certificates.reload()

    assert served_by(certificates, files.trust())


@pytest.mark.parametrize("octets", [None, b"", b"nonsense"])
def test_a_bad_file_of_authorities_is_named(octets: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if octets is not None:
        path.write_bytes(octets)

    with pytest.raises(OperatorFault, match=r"ca\.pem cannot be used"):
        client_context(path)


def test_a_stream_with_tls_breaks_as_the_one_below_does(files: Files) -> None:
    async def cut() -> None:
        near, far = await sockets("tcp")
        client, server = await secure((near, far), files.trust(), files.serve())
        assert isinstance(client, TlsStream)
        assert isinstance(server, TlsStream)
        assert isinstance(near, SocketStream)
        client.abort()
        with pytest.raises(PeerFault):
            await client.read()
        server.abort()

    asyncio.run(cut())
