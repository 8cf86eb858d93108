"""The key file's lines: read back as they were written, refused without being shown."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.key_ring import Key, KeyRing, parse_key_ring, print_key_ring
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

KEYS = st.builds(
    Key,
    st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True),
    st.binary(min_size=32, max_size=32).map(Secret),
)
RINGS = st.lists(KEYS, min_size=1, unique_by=lambda key: key.id).map(
    lambda keys: KeyRing(tuple(keys))
)
CANARY = base64.b64encode(b"canary, canary, canary, canary!!")


def key(name: str) -> Key:
    return Key(name, Secret(name.encode() * 32))


@given(RINGS)
def test_a_ring_is_read_as_it_was_written(ring: KeyRing) -> None:
    assert ring == parse_key_ring(print_key_ring(ring), "keys/master")


@given(st.binary() | st.lists(st.sampled_from([b"a", b" ", b"\n", CANARY])).map(b"".join))
def test_octets_are_a_ring_or_an_operators_fault(octets: bytes) -> None:
    try:
        ring = parse_key_ring(octets, "keys/master")
    except OperatorFault:
        return

    assert ring == parse_key_ring(print_key_ring(ring), "keys/master")


def test_a_key_file_may_be_written_by_hand() -> None:
    ring = parse_key_ring(b"\n  new\t" + CANARY + b"\r\n\nold " + CANARY, "keys/master")

    assert ["new", "old"] == [one.id for one in ring.keys]
    assert "new" == ring.current.id
    assert b"canary, canary, canary, canary!!" == ring.current.secret.reveal()


BAD = {
    "no name": CANARY,
    "three words": b"a " + CANARY + b" b",
    "a name with other characters": b"a_b " + CANARY,
    "a name in Japanese": "鍵 ".encode() + CANARY,
    "a long name": b"a" * 65 + b" " + CANARY,
    "not base64": b"a " + CANARY[:-2] + b"*=",
    "a short key": b"a " + CANARY[4:],
    "a name twice": b"a " + CANARY + b"\na " + CANARY,
}


@pytest.mark.parametrize("why", BAD)
def test_a_wrong_line_is_named_by_its_number_and_not_shown(why: str) -> None:
    with pytest.raises(OperatorFault, match=r"keys/master, line \d") as caught:
        parse_key_ring(BAD[why], "keys/master")

    assert CANARY.decode()[4:-4] not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("octets", [b"", b"\n \n"])
def test_a_file_without_keys_is_refused(octets: bytes) -> None:
    with pytest.raises(OperatorFault, match="keys/master holds no key"):
        parse_key_ring(octets, "keys/master")


def test_a_key_is_found_by_its_name() -> None:
    ring = KeyRing((key("b"), key("a")))

    assert key("a") == ring.find("a")
    assert ring.find("c") is None


def test_a_new_key_goes_on_top_and_the_current_one_cannot_be_taken_out() -> None:
    ring = KeyRing((key("b"), key("a"))).with_current(key("c"))

    assert KeyRing((key("c"), key("b"), key("a"))) == ring
    assert KeyRing((key("c"), key("a"))) == ring.without({"c", "b"})


def test_a_ring_does_not_show_its_keys() -> None:
    assert "aaaa" not in repr(KeyRing((key("a"),)))
