"""Authenticated encryption of one row: RFC 5116, AEAD_AES_256_GCM. Pure.

A sealed secret is an octet for the layout, the nonce, then ciphertext and tag. The seal covers the
row, the purpose and the key's name as well, so that no row opens in another's place.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pillarbox.accounts.key_ring import Key
from pillarbox.base.secret import Secret

LAYOUT = b"\x01"  # another cipher will be another octet
NONCE_OCTETS = 12  # random: NIST SP 800-38D allows 2**32 seals by one key, we make a few


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed secret belongs."""

    row: int
    purpose: str

    def bound_to(self, key: Key) -> bytes:
        """Return what the seal covers beside the secret; the purpose is last, so it may be long."""
        # Neither a number nor a key's name has a NUL in it: no two places look alike.
        words = (b"pillarbox secret", key.id.encode(), b"%d" % self.row, self.purpose.encode())
        return b"\0".join(words)


def seal(key: Key, place: Place, secret: Secret, nonce: bytes) -> bytes:
    """Return the sealed secret; no nonce may be used twice."""
    cipher = AESGCM(key.secret.reveal())
    return LAYOUT + nonce + cipher.encrypt(nonce, secret.reveal(), place.bound_to(key))


def unseal(key: Key, place: Place, sealed: bytes) -> Secret | None:
    """Return the secret, None where it is damaged or belongs elsewhere."""
    nonce, rest = sealed[1 : 1 + NONCE_OCTETS], sealed[1 + NONCE_OCTETS :]
    if sealed[:1] != LAYOUT or len(nonce) != NONCE_OCTETS:
        return None
    try:
        return Secret(AESGCM(key.secret.reveal()).decrypt(nonce, rest, place.bound_to(key)))
    except InvalidTag:
        return None
