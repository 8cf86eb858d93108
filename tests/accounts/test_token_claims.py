"""Claims: for us, from whom we trust, and now."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.accounts.tokens.claims import LEEWAY, Expected, are_for_us, read_claims

NOW = 1_800_000_000.0
ANY = Expected("", "")
OURS = Expected("https://id.example.org", "pillarbox")
RIGHT = {"iss": "https://id.example.org", "aud": "pillarbox"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("exp", "is_good"),
    [
        (NOW + 1, True),
        (int(NOW) - LEEWAY + 1, True),
        (int(NOW) - LEEWAY, False),
        (NOW - 3_600, False),
        (0, False),
        (10**400, True),
        (float("inf"), False),
        (float("nan"), False),
        ("1900000000", False),
        (None, False),
        (True, False),
        ([1_900_000_000], False),
    ],
)
def test_a_token_ends_at_its_time_and_a_little_after(exp: object, is_good: bool) -> None:
    assert is_good == are_for_us({"exp": exp}, ANY, NOW)


def test_a_token_without_an_end_is_good_unless_it_must_have_one() -> None:
    assert are_for_us({}, ANY, NOW)
    assert not are_for_us({}, Expected("", "", must_end=True), NOW)
    assert are_for_us({"exp": NOW + 1}, Expected("", "", must_end=True), NOW)


@pytest.mark.parametrize(
    ("nbf", "is_good"),
    [
        (NOW - 1, True),
        (int(NOW) + LEEWAY, True),
        (int(NOW) + LEEWAY + 1, False),
        (-(10**400), True),
        (float("-inf"), False),
        ("0", False),
        (False, False),
    ],
)
def test_a_token_begins_at_its_time_and_a_little_before(nbf: object, is_good: bool) -> None:
    assert is_good == are_for_us({"nbf": nbf}, ANY, NOW)


@pytest.mark.parametrize(
    ("claims", "is_good"),
    [
        (RIGHT, True),
        (RIGHT | {"aud": ["calendar", "pillarbox"]}, True),
        (RIGHT | {"aud": "calendar"}, False),
        (RIGHT | {"aud": "pillarboxes"}, False),
        (RIGHT | {"aud": ["pillarboxes"]}, False),
        (RIGHT | {"aud": []}, False),
        (RIGHT | {"aud": {"pillarbox": 1}}, False),
        (RIGHT | {"aud": None}, False),
        ({"iss": "https://id.example.org"}, False),
        (RIGHT | {"iss": "https://id.example.org/"}, False),
        (RIGHT | {"iss": ""}, False),
        (RIGHT | {"iss": ["https://id.example.org"]}, False),
        ({"aud": "pillarbox"}, False),
    ],
)
def test_a_token_is_for_us_and_of_our_issuer(claims: dict[str, object], is_good: bool) -> None:
    assert is_good == are_for_us(claims, OURS, NOW)


def test_what_is_not_expected_is_not_asked() -> None:
    assert are_for_us({}, ANY, NOW)
    assert are_for_us({"iss": 1, "aud": 2}, ANY, NOW)


@given(st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf"]), JSON))
def test_any_claims_are_judged(claims: dict[str, object]) -> None:
    assert are_for_us(claims, OURS, NOW) in {True, False}


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b'"a"',
        b"1",
        b"null",
        b"{",
        b"{}{}",
        b"\xff",
        b"{\0}",
        '{"a": 1}'.encode("utf-16"),
    ],
)
def test_octets_that_are_no_json_object_have_no_claims(octets: bytes) -> None:
    assert read_claims(octets) is None


@given(st.binary())
@example(b"[" * 100_000)
@example(b'{"exp": ' + b"1" * 5_000 + b"}")
def test_any_octets_are_read_or_are_no_claims(octets: bytes) -> None:
    claims = read_claims(octets)

    assert claims is None or isinstance(claims, dict)


def test_members_are_read() -> None:
    assert {"iss": "a", "exp": 1.5, "é": [None]} == read_claims(
        '{"iss": "a", "exp": 1.5, "é": [null]}'.encode()
    )
