"""Keys and tokens made with `cryptography` alone, so that they try any library alike. RFC 7515."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
CURVES: Mapping[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}
Jwk = dict[str, object]
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Signer:
    """A key of one algorithm: how it signs, and what the world is told of it."""

    algorithm: str
    sign: Sign
    jwk: Jwk
    pem: bytes

    def token(self, claims: object, **header: object) -> bytes:
        """Return a signed token; members of the header can be added, or left out with None."""
        return self.over(json.dumps(claims).encode(), **header)

    def over(self, payload: bytes, **header: object) -> bytes:
        """Return a signed token whose claims are any octets."""
        members = {"alg": self.algorithm, "kid": self.jwk["kid"], "typ": "JWT", **header}
        kept = {name: value for name, value in members.items() if value is not None}
        signed = base64url(json.dumps(kept).encode()) + b"." + base64url(payload)
        return signed + b"." + base64url(self.sign(signed))


def base64url(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def number(value: int, octets: int | None = None) -> str:
    length = (value.bit_length() + 7) // 8 if octets is None else octets
    return base64url(value.to_bytes(length, "big")).decode()


@cache
def signer(algorithm: str, bits: int = 2_048) -> Signer:
    """Return the one key that the tests have of an algorithm."""
    if algorithm == "EdDSA":
        return _ed25519()
    hash_ = HASHES[algorithm[2:]]
    return _ec(algorithm, hash_) if algorithm[:2] == "ES" else _rsa(algorithm, hash_, bits)


@cache
def _rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


def _rsa(algorithm: str, hash_: hashes.HashAlgorithm, bits: int) -> Signer:
    key = _rsa_key(bits)
    pad: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm.startswith("PS"):
        pad = padding.PSS(padding.MGF1(hash_), hash_.digest_size)
    public = key.public_key()
    numbers = public.public_numbers()
    jwk: Jwk = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e), "kid": "rsa"}
    return Signer(algorithm, lambda octets: key.sign(octets, pad, hash_), jwk, _pem(public))


def _ec(algorithm: str, hash_: hashes.HashAlgorithm) -> Signer:
    key = ec.generate_private_key(CURVES[algorithm])
    octets = (key.key_size + 7) // 8
    public = key.public_key()
    numbers = public.public_numbers()

    def sign(signed: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hash_)))
        return r.to_bytes(octets, "big") + s.to_bytes(octets, "big")

    jwk: Jwk = {
        "kty": "EC",
        "crv": f"P-{key.key_size}",
        "x": number(numbers.x, octets),
        "y": number(numbers.y, octets),
        "kid": algorithm,
    }
    return Signer(algorithm, sign, jwk, _pem(public))


def _ed25519() -> Signer:
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key()
    x = base64url(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    jwk: Jwk = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "ed"}
    return Signer("EdDSA", key.sign, jwk, _pem(public))


def _pem(
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
) -> bytes:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
