"""Certificates for a server that errs: of a name, a time and an issuer of the test's choice."""

import datetime as dt
import ipaddress
import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """What a certificate says; without `is_vouched_for` it vouches for itself alone."""

    name: str = "localhost"
    ends_in: dt.timedelta = DAY
    is_vouched_for: bool = True


GOOD = Kind()
EXPIRED = Kind(ends_in=-DAY)
WRONG_NAME = Kind(name="elsewhere.example")
SELF_SIGNED = Kind(is_vouched_for=False)


@cache
def _authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    return _signed("Faulty CA", key, _name("Faulty CA"), key, DAY, is_authority=True), key


def authority_file(folder: Path) -> Path:
    """Write the authority whom the client is to trust."""
    file = folder / "authority.pem"
    file.write_bytes(_pem(_authority()[0]))
    return file


@cache
def context(kind: Kind) -> ssl.SSLContext:
    """Return what a server of this certificate does TLS with."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer, issuer_key = _authority()
    by, by_key = (issuer.subject, issuer_key) if kind.is_vouched_for else (_name(kind.name), key)
    certificate = _signed(kind.name, key, by, by_key, kind.ends_in, is_authority=False)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        file = Path(folder, "pair.pem")
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + _pem(certificate))
        made.load_cert_chain(file)
    return made


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    ends_in: dt.timedelta,
    *,
    is_authority: bool,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == GOOD.name:
        names.append(x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")))
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 3 * DAY)
        .not_valid_after(now + ends_in)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
