"""The seal: opens in its place and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.key_ring import Key
from pillarbox.accounts.seal import NONCE_OCTETS, Place, seal, unseal
from pillarbox.base.secret import Secret

KEY = Key("a", Secret(b"k" * 32))
NONCE = bytes(NONCE_OCTETS)
PLACE = Place(1, "remote work")
CANARY = Secret(b"canary")


@given(st.binary(), st.integers(min_value=0), st.text(), st.binary(min_size=12, max_size=12))
def test_a_sealed_secret_opens_in_its_place(
    octets: bytes, row: int, purpose: str, nonce: bytes
) -> None:
    place = Place(row, purpose)

    assert Secret(octets) == unseal(KEY, place, seal(KEY, place, Secret(octets), nonce))


ELSEWHERE = {
    "another row": (KEY, Place(11, "remote work")),
    "another purpose": (KEY, Place(1, "remote home")),
    "row and purpose run together": (KEY, Place(1, "1\0remote work")),
    "another key": (Key("a", Secret(b"K" * 32)), PLACE),
    "another key's name": (Key("b", KEY.secret), PLACE),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_sealed_secret_opens_nowhere_else(where: str) -> None:
    key, place = ELSEWHERE[where]

    assert unseal(key, place, seal(KEY, PLACE, CANARY, NONCE)) is None


def test_no_octet_can_be_changed_and_none_taken_away() -> None:
    sealed = seal(KEY, PLACE, CANARY, NONCE)

    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        assert unseal(KEY, PLACE, changed) is None
        assert unseal(KEY, PLACE, sealed[:at]) is None


@given(st.binary())
def test_other_octets_do_not_open(octets: bytes) -> None:
    assert unseal(KEY, PLACE, octets) is None
