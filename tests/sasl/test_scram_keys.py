"""The arithmetic of SCRAM, held against the examples of the RFCs."""

import base64

import pytest

from pillarbox.sasl import scram_keys
from pillarbox.sasl.exchange import ScramHash

SALT_1 = base64.b64decode("QSXCR+Q6sek8bf92")
MESSAGE_1 = (  # RFC 5802, section 5
    b"n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
    b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,"
    b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
)
PROOF_1 = base64.b64decode("v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
SALT_256 = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
MESSAGE_256 = (  # RFC 7677, section 3
    b"n=user,r=rOprNGfwEbeRWgbNEkqO,"
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
)
PROOF_256 = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
EXAMPLES = [
    (ScramHash.SHA_1, SALT_1, MESSAGE_1, PROOF_1, "rmF9pqV8S7suAoZWja4dJRkFsKQ="),
    (
        ScramHash.SHA_256,
        SALT_256,
        MESSAGE_256,
        PROOF_256,
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
]


@pytest.mark.parametrize(("kind", "salt", "message", "proof", "_verifier"), EXAMPLES)
def test_the_proof_is_the_one_of_the_rfc(
    kind: ScramHash, salt: bytes, message: bytes, proof: bytes, _verifier: str
) -> None:
    key = scram_keys.client_key(scram_keys.salted_password(b"pencil", salt, 4096, kind), kind)

    assert proof == scram_keys.proof(key, message, kind)


@pytest.mark.parametrize(("kind", "salt", "message", "proof", "verifier"), EXAMPLES)
def test_what_is_derived_checks_the_proof_and_signs(
    kind: ScramHash, salt: bytes, message: bytes, proof: bytes, verifier: str
) -> None:
    stored_key, server_key = scram_keys.derive(b"pencil", salt, 4096, kind)

    assert scram_keys.proves(stored_key, message, proof, kind)
    assert verifier == base64.b64encode(scram_keys.signature(server_key, message, kind)).decode()


@pytest.mark.parametrize(("kind", "salt", "message", "proof", "_verifier"), EXAMPLES)
def test_no_proof_holds_for_another_password(
    kind: ScramHash, salt: bytes, message: bytes, proof: bytes, _verifier: str
) -> None:
    stored_key, _ = scram_keys.derive(b"pen", salt, 4096, kind)

    assert not scram_keys.proves(stored_key, message, proof, kind)


@pytest.mark.parametrize("kind", ScramHash)
def test_keys_are_as_long_as_their_hash(kind: ScramHash) -> None:
    stored_key, server_key = scram_keys.derive(b"x", b"salt", 1, kind)

    assert {scram_keys.OCTETS[kind]} == {len(stored_key), len(server_key)}
