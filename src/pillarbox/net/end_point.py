"""The channel binding `tls-server-end-point`: RFC 5929, section 4. Pure."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

TOO_WEAK = (hashes.MD5, hashes.SHA1)  # RFC 5929, section 4.1: SHA-256 stands in for these


def end_point(certificate: bytes) -> bytes | None:
    """Return the hash that stands for a DER certificate.

    None where its signature has no single hash, as Ed25519 has not, or one that nobody here knows.
    """
    try:
        read = x509.load_der_x509_certificate(certificate)
        algorithm = read.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return None
    if algorithm is None:
        return None
    return read.fingerprint(hashes.SHA256() if isinstance(algorithm, TOO_WEAK) else algorithm)
