"""SASLprep, held against the examples of RFC 4013 and the rules behind them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.sasl.saslprep import prepare, prepare_name, prepare_password

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1)
EMOJI = "\U0001f600"  # came after Unicode 3.2


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),  # RFC 4013, section 3, examples 1 to 7
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", None),
        ("\u0627\u0031", None),
        ("a\u00a0b", "a b"),
        ("\uff21\uff2c\uff29\uff23\uff25", "ALICE"),
        ("\ufb01", "fi"),
        ("a\u0308", "\u00e4"),
        ("\u0627\u0628", "\u0627\u0628"),
        ("\u06271\u0628", "\u06271\u0628"),
        ("\u0627a\u0628", None),
        ("a\u0627", None),
        ("\ue000", None),
        ("\ufdd0", None),
        ("\ud800", None),
        ("\u2ff0", None),
        ("\u200e", None),
        ("\U000e0001", None),
        ("a\tb", None),
        ("\u00ad", None),
        ("", None),
        ("山田", "山田"),
        (EMOJI, EMOJI),
    ],
)
def test_a_text_is_prepared(text: str, prepared: str | None) -> None:
    assert prepared == prepare(text)


def test_a_password_may_hold_nothing_that_came_after_unicode_3_2() -> None:
    assert prepare_password(EMOJI.encode()) is None
    assert EMOJI == prepare_name(EMOJI.encode())


def test_octets_that_are_not_utf_8_are_no_name_and_no_prepared_password() -> None:
    assert prepare_name(b"\xff") is None
    assert prepare_password(b"\xff") is None


def test_a_password_is_prepared_into_utf_8() -> None:
    assert "\u00e4".encode() == prepare_password("a\u0308".encode())


@given(PRINTABLE)
def test_printable_ascii_stays_as_it_is(text: str) -> None:
    assert text == prepare(text)
    assert text.encode() == prepare_password(text.encode())


@given(st.text())
def test_what_has_been_prepared_stays_as_it_is(text: str) -> None:
    prepared = prepare(text)

    assert prepared is None or prepared == prepare(prepared)


def test_what_is_longer_than_any_name_or_password_is_not_worked_on() -> None:
    longest = "\u00fc" * 255

    assert longest == prepare(longest)
    assert prepare(longest + "\u00fc") is None
    assert prepare_password(("\u00fc" * 1_024).encode()) is not None
    assert prepare_password(("\u00fc" * 1_025).encode()) is None
