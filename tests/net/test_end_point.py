"""The channel binding of a server's certificate: RFC 5929, section 4.1."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from pillarbox.net.end_point import end_point

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.org")])
CURVE = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65_537, 2048)
NOW = datetime(2026, 1, 1, tzinfo=UTC)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Hash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None


def certificate(
    key: Key | ed448.Ed448PrivateKey, algorithm: Hash, pss: padding.PSS | None = None
) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    return builder.sign(key, algorithm, rsa_padding=pss).public_bytes(Encoding.DER)


@pytest.mark.parametrize("key", [CURVE, RSA])
@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_it_is_the_hash_that_the_signature_has(key: Key, algorithm: hashes.SHA256) -> None:
    der = certificate(key, algorithm)

    assert hashlib.new(algorithm.name, der).digest() == end_point(der)


def test_a_pss_signature_has_a_hash_too() -> None:
    der = certificate(
        RSA, hashes.SHA384(), padding.PSS(padding.MGF1(hashes.SHA384()), padding.PSS.DIGEST_LENGTH)
    )

    assert hashlib.sha384(der).digest() == end_point(der)


def with_signature(der: bytes, old: str, new: str) -> bytes:
    """Return the certificate with another algorithm named; nobody verifies it here."""
    return der.replace(bytes.fromhex(old), bytes.fromhex(new))


SHA256_WITH_RSA = "06092a864886f70d01010b"


@pytest.mark.parametrize(
    "weak",
    ["06092a864886f70d010104", "06092a864886f70d010105"],  # RFC 8017: MD5 and SHA-1 with RSA
)
def test_sha_256_stands_in_for_md5_and_sha_1(weak: str) -> None:
    der = with_signature(certificate(RSA, hashes.SHA256()), SHA256_WITH_RSA, weak)

    assert hashlib.sha256(der).digest() == end_point(der)


@pytest.mark.parametrize(
    "key", [ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate()]
)
def test_a_signature_without_a_hash_binds_nothing(key: ed25519.Ed25519PrivateKey) -> None:
    assert end_point(certificate(key, None)) is None


def test_a_signature_that_nobody_knows_binds_nothing() -> None:
    der = with_signature(
        certificate(RSA, hashes.SHA256()), SHA256_WITH_RSA, "06092a864886f70d01017f"
    )

    assert end_point(der) is None


def test_what_is_no_certificate_binds_nothing() -> None:
    assert end_point(b"") is None
