"""APOP's proof and its timestamps, and the example of RFC 1939."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.secret import Secret
from pillarbox.sasl.apop import ApopProof, apop_digest, find_timestamp, is_timestamp

TIMESTAMP = b"<1896.697170952@dbc.mtview.ca.us>"
SECRET = Secret(b"tanstaaf")
DIGEST = "c4c9334bac560ecc979e58001b3e22fb"


def test_the_digest_is_the_one_of_the_rfc() -> None:
    assert DIGEST == apop_digest(TIMESTAMP, SECRET)
    assert ApopProof(TIMESTAMP, DIGEST).is_of(SECRET)


@pytest.mark.parametrize("digest", ["", DIGEST.upper(), DIGEST[1:], DIGEST + " ", "é", "\ud800"])
def test_no_other_digest_is_a_proof(digest: str) -> None:
    assert not ApopProof(TIMESTAMP, digest).is_of(SECRET)


def test_nor_is_it_one_of_another_secret_or_timestamp() -> None:
    assert not ApopProof(TIMESTAMP, DIGEST).is_of(Secret(b"tanstaaF"))
    assert not ApopProof(b"<1897.697170952@dbc.mtview.ca.us>", DIGEST).is_of(SECRET)


def test_a_proof_does_not_show_its_digest() -> None:
    assert DIGEST not in repr(ApopProof(TIMESTAMP, DIGEST))


@pytest.mark.parametrize(
    "greeting",
    [
        b"POP3 server ready <1896.697170952@dbc.mtview.ca.us>",
        b"<1896.697170952@dbc.mtview.ca.us> ready",
        b"a < b, <1896.697170952@dbc.mtview.ca.us>.",
    ],
)
def test_a_timestamp_is_found_in_a_greeting(greeting: bytes) -> None:
    assert TIMESTAMP == find_timestamp(greeting)


@pytest.mark.parametrize(
    "timestamp",
    [TIMESTAMP, b"<1c.2.5f3d.ab+/==@host>", b"<a@[192.0.2.1]>", b"<" + b"a" * 252 + b"@b>"],
)
def test_a_message_id_is_a_timestamp(timestamp: bytes) -> None:
    assert is_timestamp(timestamp)
    assert timestamp == find_timestamp(b"+OK " + timestamp)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"<>",
        b"<@>",
        b"<a@>",
        b"<@b>",
        b"<ab>",
        b"<a@b",
        b"a@b>",
        b"<a@b@c>",
        b"<a b@c>",
        b"<a..b@c>",
        b"<.a@c>",
        b"<a@c.>",
        b"<a\0@c>",
        b"<\xff\xfe\x80@\xaa>",  # CVE-2007-1558
        b"<a@b\x80>",
        b"<a@[b\\c]>",
        b"<a@[]>",
        b"<" + b"a" * 253 + b"@b>",
    ],
)
def test_nothing_else_is(octets: bytes) -> None:
    assert not is_timestamp(octets)
    assert find_timestamp(b"+OK ready " + octets) is None


@given(st.binary())
def test_no_greeting_is_a_surprise(greeting: bytes) -> None:
    timestamp = find_timestamp(greeting)

    assert timestamp is None or timestamp in greeting
