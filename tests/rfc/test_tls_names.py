"""Names and versions of TLS: RFC 2595, section 2.4; RFC 8314, sections 3 to 5."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pillarbox.base.errors import PeerFault
from pillarbox.net.certificates import Certificates, Pair
from pillarbox.net.client_hello import ClientHello, HelloReader, Unreadable
from pillarbox.net.contexts import client_context, server_context
from pillarbox.net.memory import memory_pair
from pillarbox.net.tls import secure_as_client
from tests.server.rig import Rig, Talk, converse

NAME = "mail.example.org"


def issue(folder: Path, names: list[str], common_name: str = "nobody.example") -> tuple[Path, Path]:
    """Write a certificate that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([*map(x509.DNSName, names)]), critical=False)
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def handshake(
    client: ssl.SSLContext, server: ssl.SSLContext, name: str = NAME
) -> tuple[ssl.SSLObject, ssl.SSLObject]:
    """Return both ends once they agree; raises SSLError where they do not."""
    bios = [ssl.MemoryBIO() for _ in range(2)]
    ends = (
        client.wrap_bio(bios[0], bios[1], server_hostname=name),
        server.wrap_bio(bios[1], bios[0], server_side=True),
    )
    for _ in range(3):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ([NAME], NAME),
        ([NAME], "MAIL.Example.ORG"),
        (["MAIL.Example.ORG"], NAME),
        (["*.example.com"], "a.example.com"),
        (["*.example.com"], "foo.example.com"),
        (["one.example", "two.example"], "two.example"),
    ],
)
def test_names_of_a_certificate_match_as_rfc_2595_says(
    names: list[str], name: str, tmp_path: Path
) -> None:
    certificate, key = issue(tmp_path, names)

    client, _ = handshake(client_context(certificate), server_context(certificate, key), name)

    assert client.version() is not None


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (["one.example"], "two.example"),
        (["*.example.com"], "example.com"),
        (["*.example.com"], "a.b.example.com"),
        (["one.example"], "nobody.example"),  # the common name, where there are other names
    ],
)
def test_what_does_not_match_is_refused(names: list[str], name: str, tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, names)

    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(client_context(certificate), server_context(certificate, key), name)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_our_client_speaks_tls_1_2_and_1_3(version: ssl.TLSVersion, tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, [NAME])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    server.minimum_version = server.maximum_version = version

    client, _ = handshake(client_context(certificate), server)
    cipher = client.cipher()

    assert client.version() == version.name.replace("_", ".")
    assert cipher is not None
    assert cipher[0].startswith(("ECDHE-", "TLS_"))
    assert "GCM" in cipher[0] or "CHACHA20" in cipher[0]


def test_our_client_says_which_server_it_means() -> None:
    async def heard() -> ClientHello | Unreadable | None:
        near, far = memory_pair()
        task = asyncio.ensure_future(
            secure_as_client(near, client_context(None), "pop.example.org")
        )
        octets = await far.read()
        far.abort()
        with pytest.raises(PeerFault):
            await task
        return HelloReader().feed(octets)

    assert ClientHello("pop.example.org", (b"pop3",)) == asyncio.run(heard())


def test_our_client_shows_no_certificate(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, [NAME])
    server = server_context(certificate, key)
    server.load_verify_locations(certificate)
    server.verify_mode = ssl.CERT_OPTIONAL

    _, end = handshake(client_context(certificate), server)

    assert end.version() is not None
    assert end.getpeercert() is None


def test_no_certificate_is_asked_of_a_client(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, [NAME])
    client = client_context(certificate)
    client.load_cert_chain(certificate, key)

    _, end = handshake(client, server_context(certificate, key))

    assert end.version() is not None
    assert end.getpeercert(binary_form=True) is None


def test_a_certificate_of_the_clients_logs_nobody_in(tmp_path: Path) -> None:
    certificate, key = issue(tmp_path, ["mrose"], common_name="mrose")
    client = client_context(certificate)
    client.load_cert_chain(certificate, key)
    heard: list[bytes] = []

    async def talk(talk: Talk) -> None:
        talk.stream = await secure_as_client(talk.stream, client, "mrose")
        heard.append(await talk.until(b"ready.\r\n"))
        heard.append(await talk.ask(b"STAT\r\n"))

    converse(Rig(tls=Certificates([Pair(certificate, key)]), is_secure=True), talk)

    assert [b"+OK Pillarbox ready.\r\n", b"-ERR Not in this state.\r\n"] == heard
