"""Signed tokens: each algorithm we take, each attack we know, and the file of keys."""

import hashlib
import hmac
import json
import os
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pillarbox.accounts.tokens.claims import LEEWAY, Expected
from pillarbox.accounts.tokens.signed import (
    ALGORITHMS,
    FILE_OCTETS,
    KeySetFile,
    SignedTokens,
    read_key_set,
)
from pillarbox.accounts.tokens.tokens import CannotAskFault, Judged
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from tests.accounts.signed import Jwk, Signer, base64url, signer

EVERY = [name for names in ALGORITHMS.values() for name in names]
OURS = Expected("https://id.example.org", "pillarbox", must_end=True)
NOW = 1_800_000_000
CLAIMS: dict[str, object] = {
    "iss": "https://id.example.org",
    "aud": ["pillarbox"],
    "exp": NOW + 3_600,
    "email": "mrose@example.org",
}
RS256, ES256, EDDSA = signer("RS256"), signer("ES256"), signer("EdDSA")


def write_keys(path: Path, *jwks: object) -> None:
    path.write_text(json.dumps({"keys": jwks}), "ascii")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    write_keys(path, RS256.jwk, ES256.jwk, EDDSA.jwk)
    return path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def tokens(path: Path, clock: FakeClock) -> Judged:
    return Judged(SignedTokens(KeySetFile(path)), OURS, clock)


def claims_by(jwk: Jwk, token: bytes, folder: Path) -> object:
    """Return what a token says where there is one key."""
    path = folder / "one.json"
    write_keys(path, jwk)
    return Judged(SignedTokens(KeySetFile(path)), OURS, FakeClock(NOW)).claims(Secret(token))


def altered(token: bytes, part: int, change: Callable[[bytes], bytes]) -> bytes:
    parts = token.split(b".")
    parts[part] = change(parts[part])
    return b".".join(parts)


@pytest.mark.parametrize("algorithm", EVERY)
def test_a_token_of_every_algorithm_is_verified(tmp_path: Path, algorithm: str) -> None:
    key = signer(algorithm)

    assert CLAIMS == claims_by(key.jwk, key.token(CLAIMS), tmp_path)


@pytest.mark.parametrize("algorithm", EVERY)
def test_a_signature_with_one_bit_changed_is_refused(tmp_path: Path, algorithm: str) -> None:
    token = signer(algorithm).token(CLAIMS)
    other = altered(token, 2, lambda part: (b"B" if part[:1] == b"A" else b"A") + part[1:])

    assert claims_by(signer(algorithm).jwk, other, tmp_path) is None


@pytest.mark.parametrize("key", [RS256, ES256, EDDSA], ids=lambda key: key.algorithm)
def test_the_key_id_chooses_among_several_keys(tokens: Judged, key: Signer) -> None:
    assert CLAIMS == tokens.claims(Secret(key.token(CLAIMS)))


def hmac_with(secret: bytes) -> Signer:
    """Sign as one who knows the public key alone."""

    def sign(octets: bytes) -> bytes:
        return hmac.digest(secret, octets, hashlib.sha256)

    return Signer("HS256", sign, RS256.jwk, b"")


def jwk_octets(jwk: Jwk) -> bytes:
    return json.dumps(jwk).encode()


def unsigned(**header: object) -> bytes:
    members = {"kid": "rsa", "typ": "JWT", **header}
    return base64url(jwk_octets(members)) + b"." + base64url(jwk_octets(CLAIMS)) + b"."


def forged(**header: object) -> bytes:
    """Sign with the attacker's own key."""
    return signer("RS384", 2_049).token(CLAIMS, alg="RS256", **header)


ATTACKS: Mapping[str, bytes] = {
    "none": unsigned(alg="none"),
    "None": unsigned(alg="None"),
    "none, with a signature": unsigned(alg="none") + b"AAAA",
    "no algorithm": unsigned(),
    "an empty algorithm": unsigned(alg=""),
    "an algorithm that is no text": unsigned(alg=["RS256"]),
    "RS256, without a signature": unsigned(alg="RS256"),
    "HMAC with the public key in PEM": hmac_with(RS256.pem).token(CLAIMS),
    "HMAC with the public key as a JWK": hmac_with(jwk_octets(RS256.jwk)).token(CLAIMS),
    "HMAC with nothing": hmac_with(b"").token(CLAIMS),
    "HMAC said to be RS256": hmac_with(RS256.pem).token(CLAIMS, alg="RS256"),
    "the curve's key, said to be RSA": RS256.token(CLAIMS, kid="ES256"),
    "an unknown key id": RS256.token(CLAIMS, kid="other"),
    "no key id": RS256.token(CLAIMS, kid=None),
    "a key id that is no text": RS256.token(CLAIMS, kid=["rsa"]),
    "a key id that is a path": RS256.token(CLAIMS, kid="../../dev/null"),
    "another's signature": forged(kid="rsa"),
    "a key brought along": forged(kid="rsa", jwk=signer("RS384", 2_049).jwk),
    "keys to be fetched": forged(kid="rsa", jku="http://127.0.0.1:1/", x5u="http://127.0.0.1:1/"),
    "a critical extension": RS256.token(CLAIMS, crit=["exp"], exp=NOW),
    "an empty list of critical extensions": RS256.token(CLAIMS, crit=[]),
    "a payload that is not encoded": RS256.token(CLAIMS, crit=["b64"], b64=False),
    "a logout token": RS256.token(CLAIMS, typ="logout+jwt"),
    "a type that is no text": RS256.token(CLAIMS, typ=1),
    "expired": RS256.token(CLAIMS | {"exp": NOW - LEEWAY}),
    "not yet": RS256.token(CLAIMS | {"nbf": NOW + LEEWAY + 1}),
    "without an end": RS256.token({name: CLAIMS[name] for name in CLAIMS if name != "exp"}),
    "another issuer": RS256.token(CLAIMS | {"iss": "https://id.example.com"}),
    "another audience": RS256.token(CLAIMS | {"aud": "calendar"}),
    "without an audience": RS256.token(CLAIMS | {"aud": []}),
    "no object": RS256.token([CLAIMS]),
    "no JSON": RS256.over(b"{"),
    "no UTF-8": RS256.over(b'{"a": "\xff"}'),
    "depth": RS256.over(b'{"a":' * 900 + b"1" + b"}" * 900 + b"]"),
    "other claims": altered(
        RS256.token(CLAIMS), 1, lambda _: base64url(jwk_octets(CLAIMS | {"email": "root"}))
    ),
    "another header": altered(RS256.token(CLAIMS), 0, lambda part: part[:-2]),
    "padding in the middle": altered(RS256.token(CLAIMS), 1, lambda part: part + b"==="),
    "a cut signature": RS256.token(CLAIMS)[:-4],
    "an r of nought": altered(ES256.token(CLAIMS), 2, lambda _: base64url(b"\0" * 64)),
    "a short signature": altered(ES256.token(CLAIMS), 2, lambda _: base64url(b"\1" * 63)),
    "a deep header": base64url(b"[" * 5_000) + b".e30.AAAA",
    "a huge number in the header": base64url(b'{"alg":' + b"1" * 5_000 + b"}") + b".e30.AAAA",
    "a header that is no object": base64url(b'"RS256"') + b".e30.AAAA",
    "one part": b"e30",
    "two parts": b"e30.e30",
    "four parts": RS256.token(CLAIMS) + b".e30",
    "five parts, as if encrypted": b"e30.e30.e30.e30.e30",
    "dots": b"..",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(tokens: Judged, attack: str) -> None:
    assert tokens.claims(Secret(ATTACKS[attack])) is None


def test_rsas_two_paddings_are_not_taken_for_each_other(tmp_path: Path) -> None:
    token = RS256.token(CLAIMS, alg="PS256")

    assert claims_by(RS256.jwk, token, tmp_path) is None


def test_a_weak_key_verifies_nothing(tmp_path: Path) -> None:
    weak = signer("RS256", 1_024)

    assert claims_by(weak.jwk, weak.token(CLAIMS), tmp_path) is None


@pytest.mark.parametrize("type_", ["JWT", "jwt", "at+jwt", "application/AT+JWT", None])
def test_a_token_says_what_it_is_or_does_not(tokens: Judged, type_: str | None) -> None:
    assert CLAIMS == tokens.claims(Secret(RS256.token(CLAIMS, typ=type_)))


def test_a_token_ends_when_the_clock_says_so(tokens: Judged, clock: FakeClock) -> None:
    token = Secret(RS256.token(CLAIMS))
    clock.advance(3_600 + LEEWAY - 1)
    before = tokens.claims(token)
    clock.advance(1)

    assert (CLAIMS, None) == (before, tokens.claims(token))


@given(st.binary() | st.from_regex(rb"[A-Za-z0-9_.=-]*", fullmatch=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_octets_are_a_token_and_none_raise(tokens: Judged, octets: bytes) -> None:
    assert tokens.claims(Secret(octets)) is None


@given(st.integers(0), st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_token_with_one_octet_changed_is_refused(tokens: Judged, place: int, octet: int) -> None:
    token = bytearray(EDDSA.token(CLAIMS))
    place %= len(token)
    is_same = token[place] == octet
    token[place] = octet

    assert (CLAIMS if is_same else None) == tokens.claims(Secret(bytes(token)))


# The keys


def ids(*jwks: object) -> set[tuple[str | None, str]]:
    return set(read_key_set(json.dumps({"keys": jwks}).encode()))


def test_what_a_key_verifies_is_settled_by_its_kind() -> None:
    assert {("rsa", name) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")} == (
        ids(RS256.jwk)
    )
    assert {("ES256", "ES256"), ("ed", "EdDSA")} == ids(ES256.jwk, EDDSA.jwk)


def test_a_key_can_say_what_it_verifies() -> None:
    assert {("rsa", "PS256")} == ids(RS256.jwk | {"alg": "PS256", "use": "sig"})
    assert {("ed", "EdDSA")} == ids(EDDSA.jwk | {"key_ops": ["verify"]})


SECRET_KEY = {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"}
USELESS = [
    None,
    "key",
    {},
    SECRET_KEY,
    SECRET_KEY | {"alg": "HS256"},
    RS256.jwk | {"alg": "HS256"},
    RS256.jwk | {"alg": "none"},
    RS256.jwk | {"alg": "RSA-OAEP"},
    RS256.jwk | {"use": "enc"},
    RS256.jwk | {"key_ops": ["encrypt"]},
    RS256.jwk | {"key_ops": "verify"},
    RS256.jwk | {"crv": "P-256"},
    RS256.jwk | {"kty": ["RSA"]},
    RS256.jwk | {"kid": 1},
    RS256.jwk | {"n": 1},
    RS256.jwk | {"n": "é"},
    RS256.jwk | {"n": ""},
    RS256.jwk | {"e": None},
    ES256.jwk | {"crv": "P-384"},
    ES256.jwk | {"crv": "secp256k1"},
    ES256.jwk | {"x": ES256.jwk["y"]},
    {"kty": "EC", "crv": "P-256", "kid": "half"},
    EDDSA.jwk | {"crv": "Ed448"},
    EDDSA.jwk | {"x": "AAAA"},
]


# Not "ids=str": the keys are made anew in each worker of pytest-xdist, which compare the names.
@pytest.mark.parametrize("jwk", USELESS, ids=range(len(USELESS)))
def test_a_key_that_verifies_nothing_is_passed_over(jwk: object) -> None:
    assert {("ed", "EdDSA")} == ids(jwk, EDDSA.jwk)


def test_of_two_keys_of_one_name_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "two.json"
    write_keys(path, EDDSA.jwk, ES256.jwk | {"kid": "ed"}, EDDSA.jwk | {"x": "A" * 43})
    tokens = Judged(SignedTokens(KeySetFile(path)), OURS, FakeClock(NOW))

    assert CLAIMS == tokens.claims(Secret(EDDSA.token(CLAIMS)))
    assert CLAIMS == tokens.claims(Secret(ES256.token(CLAIMS, kid="ed")))


def test_a_key_without_an_id_is_for_tokens_without_one(tmp_path: Path) -> None:
    jwk = {name: value for name, value in EDDSA.jwk.items() if name != "kid"}

    assert CLAIMS == claims_by(jwk, EDDSA.token(CLAIMS, kid=None), tmp_path)
    assert claims_by(jwk, EDDSA.token(CLAIMS), tmp_path) is None


def test_a_private_key_left_in_the_file_is_not_looked_at(tmp_path: Path) -> None:
    jwk = EDDSA.jwk | {"d": "not even a key"}

    assert CLAIMS == claims_by(jwk, EDDSA.token(CLAIMS), tmp_path)


@given(st.binary())
def test_any_octets_are_a_key_set_or_hold_no_key(octets: bytes) -> None:
    assert {} == read_key_set(octets)


BAD_FILES: Mapping[str, bytes] = {
    "empty": b"",
    "no JSON": b"-----BEGIN PUBLIC KEY-----",
    "a list": b"[]",
    "no keys": b'{"keys": []}',
    "keys that are no list": b'{"keys": {}}',
    "one key and no set": jwk_octets(RS256.jwk),
    "no key that verifies": b'{"keys": [' + jwk_octets({**SECRET_KEY}) + b"]}",
    "too long": jwk_octets({"keys": [RS256.jwk]}) + b" " * FILE_OCTETS,
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_without_a_key_is_said_at_the_start(path: Path, case: str) -> None:
    path.write_bytes(BAD_FILES[case])

    with pytest.raises(OperatorFault, match=r"jwks\.json holds no public key"):
        KeySetFile(path)


def test_a_file_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OperatorFault, match="No such file") as caught:
        KeySetFile(tmp_path / "absent.json")

    assert str(caught.value).startswith(str(tmp_path))


def test_a_file_is_read_again_when_it_has_changed(tokens: Judged, path: Path) -> None:
    old, new = Secret(RS256.token(CLAIMS)), Secret(signer("ES384").token(CLAIMS))
    before = tokens.claims(old), tokens.claims(new)
    write_keys(path.with_suffix(".new"), signer("ES384").jwk)
    path.with_suffix(".new").replace(path)

    assert (CLAIMS, None) == before
    assert (None, CLAIMS) == (tokens.claims(old), tokens.claims(new))


def test_a_file_is_not_read_again_while_it_stays(path: Path) -> None:
    key_set = KeySetFile(path)

    assert key_set.keys() is key_set.keys()


@pytest.mark.parametrize("damage", ["removed", "emptied", "closed"])
def test_keys_that_cannot_be_read_any_more_are_an_outage_and_no_refusal(
    tokens: Judged, path: Path, damage: str
) -> None:
    token = RS256.token(CLAIMS)
    if damage == "emptied":
        path.write_bytes(b"{}")
    else:
        path.unlink()
    if damage == "closed":
        path.mkdir()
    with pytest.raises(CannotAskFault) as caught:
        tokens.claims(Secret(token))
    said = "".join(traceback.format_exception(caught.value))

    assert caught.value.retry
    assert str(caught.value).startswith(f"Tokens cannot be verified: {path}")
    assert token.decode() not in said


def test_keys_that_come_back_are_taken(tokens: Judged, path: Path) -> None:
    away = path.with_suffix(".away")
    path.replace(away)
    with pytest.raises(CannotAskFault):
        tokens.claims(Secret(b"x"))
    away.replace(path)
    os.utime(path)

    assert CLAIMS == tokens.claims(Secret(RS256.token(CLAIMS)))
