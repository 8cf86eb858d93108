"""Base64 has one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.base64 import decode, encode


@given(st.binary())
def test_what_is_encoded_is_decoded(octets: bytes) -> None:
    assert octets == decode(encode(octets))


@given(st.binary())
def test_what_is_decoded_is_spelled_as_it_came(octets: bytes) -> None:
    decoded = decode(octets)

    assert decoded is None or octets == encode(decoded)


@pytest.mark.parametrize(
    "octets",
    [b"A", b"AA", b"AA=", b"AB==", b"AAB=", b"AA==\n", b"AA=A", b"\xe9", b"-_==", b"=AAA", b"===="],
)
def test_there_is_no_other_spelling(octets: bytes) -> None:
    assert decode(octets) is None
