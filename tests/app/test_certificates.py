"""The test CA and the certificate of a first run, read with the cryptography library."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from pillarbox.app.certificates import make_certificates

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def made(hostname: str = "mail.example.org") -> tuple[x509.Certificate, x509.Certificate]:
    """Return the server's certificate and the CA's."""
    pem = make_certificates(hostname, NOW)
    certificate, ca = x509.load_pem_x509_certificates(pem.certificate)

    assert [ca] == x509.load_pem_x509_certificates(pem.ca)

    return certificate, ca


def test_the_certificate_is_issued_by_the_ca() -> None:
    certificate, ca = made()

    certificate.verify_directly_issued_by(ca)
    ca.verify_directly_issued_by(ca)


def test_the_key_is_the_certificates() -> None:
    pem = make_certificates("localhost", NOW)
    key = load_pem_private_key(pem.key, None)
    [certificate, _] = x509.load_pem_x509_certificates(pem.certificate)

    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert certificate.public_key() == key.public_key()


def test_the_ca_can_sign_certificates_and_no_other_ca() -> None:
    certificate, ca = made()

    basic = x509.BasicConstraints
    assert basic(ca=True, path_length=0) == ca.extensions.get_extension_for_class(basic).value
    assert (
        basic(ca=False, path_length=None)
        == certificate.extensions.get_extension_for_class(basic).value
    )
    assert ca.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert not certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_the_certificate_is_for_servers_alone() -> None:
    certificate, _ca = made()

    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [ExtendedKeyUsageOID.SERVER_AUTH] == list(usage)


def test_the_certificate_lasts_a_year_and_holds_an_hour_before_it_was_made() -> None:
    certificate, ca = made()

    assert timedelta(days=365) == certificate.not_valid_after_utc - NOW
    assert timedelta(hours=1) == NOW - certificate.not_valid_before_utc
    assert certificate.not_valid_after_utc < ca.not_valid_after_utc


@pytest.mark.parametrize(
    ("hostname", "names", "addresses"),
    [
        ("mail.example.org", ["mail.example.org", "localhost"], ["127.0.0.1"]),
        ("localhost", ["localhost"], ["127.0.0.1"]),
        ("127.0.0.1", ["localhost"], ["127.0.0.1"]),
        ("::1", ["localhost"], ["::1", "127.0.0.1"]),
    ],
)
def test_the_certificate_names_the_host_and_this_machine(
    hostname: str, names: list[str], addresses: list[str]
) -> None:
    certificate, _ca = made(hostname)

    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names == found.get_values_for_type(x509.DNSName)
    assert list(map(ip_address, addresses)) == found.get_values_for_type(x509.IPAddress)


def test_no_two_homes_share_a_key() -> None:
    assert make_certificates("localhost", NOW).key != make_certificates("localhost", NOW).key
