"""Which certificate a client is shown, and which one is turned away."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from pillarbox.base.errors import OperatorFault
from pillarbox.net import certificates as module
from pillarbox.net import contexts
from pillarbox.net.certificates import Alert, Certificates, Pair, Shown
from pillarbox.net.client_hello import ClientHello
from pillarbox.net.contexts import client_context
from pillarbox.net.memory import memory_pair
from pillarbox.net.tls import TlsFault, secure_as_client, secure_as_server
from tests.net.test_client_hello import hello, protocols, record, server_name

NOW = datetime.now(UTC)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made for a test")])
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Maker:
    folder: Path

    def make(self, file: str, *names: str, key: Key | None = None) -> Pair:
        """Write a certificate for these names, signed by itself."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = (
            x509.CertificateBuilder()
            .subject_name(NAME)
            .issuer_name(NAME)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW)
            .not_valid_after(NOW + timedelta(days=2))
        )
        if names:
            found = x509.SubjectAlternativeName(list(map(x509.DNSName, names)))
            builder = builder.add_extension(found, critical=False)
        return self.write(file, builder, key)

    def write(self, file: str, builder: x509.CertificateBuilder, key: Key) -> Pair:
        algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        pair = Pair(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        pem = serialization.Encoding.PEM
        pair.certificate.write_bytes(builder.sign(key, algorithm).public_bytes(pem))
        form, sealed = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pair.key.write_bytes(key.private_bytes(pem, form, sealed))
        return pair


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


def asked(name: str | None, *names: bytes) -> ClientHello:
    return ClientHello(name, names or None)


def answer(certificates: Certificates, hello: ClientHello) -> str:
    chosen = certificates.choose(hello)
    return chosen.file.stem if isinstance(chosen, Shown) else chosen.name


CHOICES = {
    None: "first",
    "mail.example.org": "first",
    "pop.example.net": "wild",
    "mail.example.net": "exact",  # behind the wildcard in the file, and yet closer
    "example.net": "",
    "a.b.example.net": "",
    "*.example.net": "wild",
    "elsewhere.example": "",
    "127.0.0.1": "",
    "example": "",
}


@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize(("name", "expected"), CHOICES.items())
def test_a_name_gets_its_own_certificate_else_the_first_or_an_alert(
    name: str | None, expected: str, is_strict: bool, maker: Maker
) -> None:
    pairs = [
        maker.make("first", "Mail.Example.Org"),
        maker.make("wild", "*.example.net"),
        maker.make("exact", "mail.example.net", "example"),
    ]
    certificates = Certificates(pairs, refuses_unknown_names=is_strict)
    unknown = "UNRECOGNIZED_NAME" if is_strict else "first"
    named = "exact" if name == "example" else expected

    assert (named or unknown) == answer(certificates, asked(name))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], "first"),
        ([b"pop3"], "first"),
        ([b"imap", b"pop3"], "first"),
        ([b"h2"], "NO_APPLICATION_PROTOCOL"),
        ([b"POP3"], "NO_APPLICATION_PROTOCOL"),
    ],
)
def test_who_names_protocols_must_name_pop3(
    names: list[bytes], expected: str, maker: Maker
) -> None:
    certificates = Certificates([maker.make("first")])

    assert expected == answer(certificates, asked(None, *names))


def test_the_first_of_two_for_one_name_is_shown(maker: Maker) -> None:
    pairs = [
        maker.make("first"),
        maker.make("second", "a.example"),
        maker.make("third", "a.example"),
    ]

    assert "second" == answer(Certificates(pairs), asked("a.example"))


def test_a_certificate_without_a_hash_binds_nothing(maker: Maker) -> None:
    pair = maker.make("first", key=ed25519.Ed25519PrivateKey.generate())
    [shown] = Certificates([pair]).shown

    assert shown.end_point is None


def test_each_certificate_has_its_own_context_and_end_point(maker: Maker) -> None:
    shown = Certificates([maker.make("first"), maker.make("second")]).shown

    assert 2 == len({each.end_point for each in shown})
    assert shown[0].context is not shown[1].context


def test_it_says_when_each_runs_out(maker: Maker) -> None:
    [shown] = Certificates([maker.make("first")]).shown

    assert (NOW + timedelta(days=2)).replace(microsecond=0) == shown.expires


def test_one_bad_pair_refuses_them_all(maker: Maker) -> None:
    first, second = maker.make("first"), maker.make("second")
    certificates = Certificates([first, second])
    before = certificates.shown
    maker.make("first")
    second.key.write_bytes(first.key.read_bytes())

    with pytest.raises(OperatorFault, match=r"second\.pem"):
        certificates.reload()
    assert before == certificates.shown


def test_a_certificate_that_changes_while_it_is_read_is_refused(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = maker.make("first")
    real = contexts.server_context

    def read_and_change(certificate: Path, key: Path) -> object:
        context = real(certificate, key)
        maker.make("first")
        return context

    monkeypatch.setattr(module, "server_context", read_and_change)

    with pytest.raises(OperatorFault, match="changed while it was read"):
        Certificates([pair])


def test_names_that_cannot_be_read_refuse_the_pair(maker: Maker) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"no names")
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=2))
        .add_extension(names, critical=False)
    )

    with pytest.raises(OperatorFault, match="cannot be used"):
        Certificates([maker.write("first", builder, key)])


# What the client hears


def heard(octets: bytes, certificates: Certificates, pieces: int) -> Iterator[object]:
    """Send a ClientHello in pieces of so many octets; yield the answer, and the fault."""

    async def talk() -> list[object]:
        near, far = memory_pair()
        for start in range(0, len(octets), pieces):
            await near.write(octets[start : start + pieces])
        try:
            await secure_as_server(far, certificates)
        except TlsFault as fault:
            return [await near.read(), str(fault)]
        return []

    yield from asyncio.run(talk())


@pytest.mark.parametrize("pieces", [1, 7, 1000])
@pytest.mark.parametrize(
    ("octets", "alert"),
    [
        (hello(protocols(b"h2")), Alert.NO_APPLICATION_PROTOCOL),
        (hello(server_name(b"elsewhere.example")), Alert.UNRECOGNIZED_NAME),
        (record(b"\2\0\0\0"), Alert.DECODE_ERROR),
        (b"GET / HTTP/1.1\r\n\r\n", Alert.DECODE_ERROR),
    ],
)
def test_a_client_that_is_turned_away_hears_a_fatal_alert(
    octets: bytes, alert: Alert, pieces: int, maker: Maker
) -> None:
    certificates = Certificates([maker.make("first", "a.example")], refuses_unknown_names=True)
    said, why = heard(octets, certificates, pieces)

    assert bytes.fromhex("1503030002") + bytes([2, alert]) == said
    assert f"The TLS handshake failed: {alert.name}." == why


def test_a_client_that_leaves_in_its_hello_is_a_fault(maker: Maker) -> None:
    async def leave() -> None:
        near, far = memory_pair()
        await near.write(hello()[:20])
        await near.close()
        with pytest.raises(TlsFault, match="UNEXPECTED_EOF"):
            await secure_as_server(far, Certificates([maker.make("first")]))

    asyncio.run(leave())


# What a login is bound to


def ends_for(certificates: Certificates, name: str, trusted: Path) -> list[bytes | None]:
    """Return the end points of a new connection for this name, the client's first."""

    async def meet() -> list[bytes | None]:
        near, far = memory_pair()
        client, server = await asyncio.gather(
            secure_as_client(near, client_context(trusted), name),
            secure_as_server(far, certificates),
        )
        return [client.end_point, server.end_point]

    return asyncio.run(meet())


def test_both_ends_are_bound_to_the_certificate_that_was_shown(maker: Maker) -> None:
    pairs = [maker.make("first", "a.example"), maker.make("second", "b.example")]
    certificates = Certificates(pairs)
    expected = [[shown.end_point] * 2 for shown in certificates.shown]

    assert expected == [
        ends_for(certificates, name, pair.certificate)
        for name, pair in zip(("a.example", "b.example"), pairs, strict=True)
    ]


def test_new_connections_are_bound_to_the_new_certificate(maker: Maker) -> None:
    pair = maker.make("first", "a.example")
    certificates = Certificates([pair])
    before = ends_for(certificates, "a.example", pair.certificate)
    maker.make("first", "a.example")
    certificates.reload()
    after = ends_for(certificates, "a.example", pair.certificate)

    assert after[0] == after[1]
    assert before[0] != after[0]


def test_nobody_is_bound_to_a_certificate_without_a_hash(maker: Maker) -> None:
    pair = maker.make("first", "a.example", key=ed25519.Ed25519PrivateKey.generate())

    assert [None, None] == ends_for(Certificates([pair]), "a.example", pair.certificate)
