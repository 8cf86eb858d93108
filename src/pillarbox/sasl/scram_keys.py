"""The arithmetic of SCRAM: RFC 5802, section 3. OpenSSL does it, through hashlib and hmac."""

import hashlib
import hmac

from pillarbox.sasl.exchange import ScramHash

DIGESTS = {ScramHash.SHA_1: "sha1", ScramHash.SHA_256: "sha256"}  # OpenSSL's names
OCTETS = {ScramHash.SHA_1: 20, ScramHash.SHA_256: 32}


def salted_password(password: bytes, salt: bytes, iterations: int, kind: ScramHash) -> bytes:
    """Return Hi(password, salt, iterations). It is slow on purpose, and lets other threads run."""
    return hashlib.pbkdf2_hmac(DIGESTS[kind], password, salt, iterations)


def derive(password: bytes, salt: bytes, iterations: int, kind: ScramHash) -> tuple[bytes, bytes]:
    """Return the StoredKey and the ServerKey of a password that has been prepared."""
    salted = salted_password(password, salt, iterations, kind)
    return stored_key(client_key(salted, kind), kind), server_key(salted, kind)


def client_key(salted: bytes, kind: ScramHash) -> bytes:
    """Return the ClientKey: who has it can log in."""
    return signature(salted, b"Client Key", kind)


def stored_key(key: bytes, kind: ScramHash) -> bytes:
    """Return the StoredKey of a ClientKey: it checks a proof and makes none."""
    return hashlib.new(DIGESTS[kind], key).digest()


def server_key(salted: bytes, kind: ScramHash) -> bytes:
    """Return the ServerKey: who has it can pose as the server."""
    return signature(salted, b"Server Key", kind)


def signature(key: bytes, message: bytes, kind: ScramHash) -> bytes:
    """Return HMAC(key, message)."""
    return hmac.digest(key, message, DIGESTS[kind])


def proof(key: bytes, message: bytes, kind: ScramHash) -> bytes:
    """Return the ClientProof of a ClientKey for one exchange."""
    return exclusive_or(key, signature(stored_key(key, kind), message, kind))


def proves(stored: bytes, message: bytes, proof: bytes, kind: ScramHash) -> bool:
    """Say, in constant time, whether a proof was made with the key that is stored.

    The proof is as long as the hash.
    """
    key = exclusive_or(proof, signature(stored, message, kind))
    return hmac.compare_digest(stored_key(key, kind), stored)


def exclusive_or(left: bytes, right: bytes) -> bytes:
    """Return the exclusive or of two values of the same length."""
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
