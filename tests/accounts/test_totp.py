"""Codes that change every half minute: RFC 6238's own, and what is near them in time."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.second_factor.totp import (
    STEP_SECONDS,
    code_at,
    matching_step,
    read_code,
    typed,
    uri,
)
from pillarbox.base.secret import Secret

# RFC 6238, appendix B, which shows eight digits; these are the last six.
SECRET = Secret(b"12345678901234567890")
CODES = [
    (59, "287082"),
    (1_111_111_109, "081804"),
    (1_111_111_111, "050471"),
    (1_234_567_890, "005924"),
    (2_000_000_000, "279037"),
    (20_000_000_000, "353130"),
]
times = st.integers(STEP_SECONDS, 2**40)


@pytest.mark.parametrize(("now", "code"), CODES)
def test_the_codes_are_those_of_the_rfc(now: int, code: str) -> None:
    assert code == code_at(SECRET, now)
    assert now // STEP_SECONDS == matching_step(SECRET, code, now, -1)


@given(times, st.integers(-4, 4))
def test_a_code_is_taken_one_step_early_or_late_and_no_more(now: int, steps: int) -> None:
    code = code_at(SECRET, max(0, now + steps * STEP_SECONDS))

    found = matching_step(SECRET, code, now, -1)

    near = [
        step
        for step in range(now // STEP_SECONDS - 1, now // STEP_SECONDS + 2)
        if code_at(SECRET, step * STEP_SECONDS) == code
    ]
    assert (near[0] if near else None) == found


@given(times, st.integers(-3, 3))
def test_no_step_up_to_the_last_one_is_taken(now: int, ago: int) -> None:
    step = now // STEP_SECONDS
    code = code_at(SECRET, now)

    found = matching_step(SECRET, code, now, step + ago)

    assert (found is not None and found > step + ago) or ago >= 0
    assert found in {None, step - 1, step, step + 1}


@pytest.mark.parametrize("text", ["287082", "287 082", " 287082\n", "287\u00a0082"])
def test_a_code_is_read_as_apps_show_it(text: str) -> None:
    assert "287082" == read_code(text)


@pytest.mark.parametrize(
    "text", ["", "28708", "2870822", "28708a", "２８７０８２", "-87082", "8" * 99]
)
def test_what_is_no_code_is_none(text: str) -> None:
    assert read_code(text) is None


def test_an_app_learns_from_the_uri_what_it_does_not_take_for_granted() -> None:
    found = urlsplit(uri(SECRET, "mrose@mail.example.org").reveal().decode("ascii"))

    assert ("otpauth", "totp", "/Pillarbox:mrose%40mail.example.org") == (
        found.scheme,
        found.netloc,
        found.path,
    )
    assert {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Pillarbox"],
    } == parse_qs(found.query)


def test_the_secret_can_be_typed_in_groups() -> None:
    assert b"GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" == typed(SECRET).reveal()


def test_no_repr_shows_the_secret() -> None:
    assert "Secret(...)Secret(...)" == f"{uri(SECRET, 'mrose')!r}{typed(SECRET)!r}"
