"""Signed tokens (JWT), verified with the public keys of a file (JWKS). RFC 7519, 7517, 8725.

PyJWT verifies signatures, and that alone: what a token claims is checked by `Judged`.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from jwt import PyJWK, PyJWS, PyJWTError

from pillarbox.accounts.tokens.claims import Claims, read_claims
from pillarbox.accounts.tokens.tokens import CannotAskFault
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

FILE_OCTETS = 262_144  # hundreds of keys

# RFC 8725, sections 3.1 and 3.2: what a key is for is settled by the key, and there is neither
# "none" nor any algorithm that makes a secret of a public key.
ALGORITHMS: Mapping[tuple[object, object], tuple[str, ...]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
PUBLIC_MEMBERS = frozenset({"kty", "crv", "n", "e", "x", "y"})  # RFC 7518, section 6; RFC 8037

# RFC 8725, section 3.11: a logout token, say, signed with the same key, lets nobody in.
TYPES = frozenset({"jwt", "application/jwt", "at+jwt", "application/at+jwt"})

Keys = Mapping[tuple[str | None, str], PyJWK]  # by key id, if any, and algorithm
Stamp = tuple[int, int, int]


class KeySetFile:
    """The keys of a file, read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises OperatorFault where there is no key in it."""
        self._path = path
        self._read = _read(path)

    def keys(self) -> Keys:
        """Return the keys as they are now; raises CannotAskFault.

        What was in a file that cannot be read any more is forgotten: a key may have been removed.
        """
        try:
            if self._read[0] != _stamp_of(self._path):
                self._read = _read(self._path)
        except OperatorFault as fault:
            raise CannotAskFault("Tokens cannot be verified: {why}", why=fault) from fault
        return self._read[1]


class SignedTokens:
    """Tokens that prove themselves by a signature."""

    def __init__(self, key_set: KeySetFile) -> None:
        self._key_set = key_set
        algorithms = [name for names in ALGORITHMS.values() for name in names]
        self._jws = PyJWS(
            algorithms, {"verify_signature": True, "enforce_minimum_key_length": True}
        )

    def claims(self, token: Secret) -> Claims | None:
        """Return what a token says whose signature holds; raises CannotAskFault."""
        keys = self._key_set.keys()
        payload = self._verified(token.reveal(), keys)
        return read_claims(payload) if payload is not None else None

    def _verified(self, token: bytes, keys: Keys) -> bytes | None:
        """Return what is signed, None where the signature does not hold."""
        try:
            header = self._jws.get_unverified_header(token)
            key = _find(keys, header)
            if key is None:
                return None
            signed = self._jws.decode_complete(token, key, [key.algorithm_name])
        except PyJWTError:
            return None
        payload: bytes = signed["payload"]
        return payload


def read_key_set(octets: bytes) -> Keys:
    """Return the keys that signatures can be verified with; others are passed over. Pure.

    RFC 7517, section 5: of a type, or with members, that are unknown, missing or out of range.
    """
    found = read_claims(octets)
    members = found.get("keys") if found is not None else None
    keys: dict[tuple[str | None, str], PyJWK] = {}
    for jwk in members if isinstance(members, list) else ():
        for algorithm in _algorithms(jwk):
            _add(keys, jwk, algorithm)
    return keys


def _algorithms(jwk: object) -> tuple[str, ...]:
    """Return what the key verifies; nothing where it is for something else."""
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return ()
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return ()
    kind = (jwk.get("kty"), jwk.get("crv"))
    if not all(isinstance(part, str | None) for part in kind):
        return ()
    return tuple(name for name in ALGORITHMS.get(kind, ()) if jwk.get("alg", name) == name)


def _add(keys: dict[tuple[str | None, str], PyJWK], jwk: dict[str, object], algorithm: str) -> None:
    key_id = jwk.get("kid")
    if not isinstance(key_id, str | None):
        return
    public = {name: value for name, value in jwk.items() if name in PUBLIC_MEMBERS}
    try:
        keys.setdefault((key_id, algorithm), PyJWK(public, algorithm))
    except (PyJWTError, AttributeError, TypeError, ValueError):
        return  # a member that is no text, or no number in base64


def _find(keys: Keys, header: Mapping[str, object]) -> PyJWK | None:
    """Return the key that the header names, of the algorithm that it names."""
    key_id, algorithm = header.get("kid"), header.get("alg")
    type_ = header.get("typ", "JWT")
    if not isinstance(key_id, str | None) or not isinstance(algorithm, str):
        return None
    if not isinstance(type_, str) or type_.lower() not in TYPES:
        return None
    return keys.get((key_id, algorithm))


def _read(path: Path) -> tuple[Stamp, Keys]:
    try:
        with path.open("rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            octets = file.read(FILE_OCTETS + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    keys = read_key_set(octets) if len(octets) <= FILE_OCTETS else {}
    if not keys:
        raise OperatorFault(
            "{path} holds no public key that a token can be verified with (RFC 7517).", path=path
        )
    return stamp, keys


def _stamp_of(path: Path) -> Stamp:
    try:
        return _stamp(path.stat())
    except OSError as error:
        raise _unreadable(path, error) from error


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _unreadable(path: Path, error: OSError) -> OperatorFault:
    return OperatorFault("{path}: {why}.", path=path, why=error.strerror)
