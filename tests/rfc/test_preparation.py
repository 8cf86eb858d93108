"""How names and passwords of USER, PASS and APOP are prepared: RFC 6856, section 2.2."""

import pytest

from pillarbox.accounts.login_name import read_login_name
from pillarbox.accounts.preparation import prepared, spellings

UNASSIGNED = "\u0221"  # had no character in Unicode 3.2
PROHIBITED = ["\u200e", "\ue000", "\ufff9", "\u2ff0", "\U000e0001", "\u06ddx", "\x07", "\x85"]


@pytest.mark.parametrize(
    ("said", "account"),
    [
        ("\uff4d\uff52\uff4f\uff53\uff45", "mrose"),
        ("m\u00adrose", "mrose"),
        ("MROSE", "mrose"),
        ("mrose", "mrose"),
    ],
)
def test_a_name_is_prepared_before_it_is_looked_up(said: str, account: str) -> None:
    assert account == read_login_name(said).account


@pytest.mark.parametrize("character", PROHIBITED)
def test_a_name_with_what_saslprep_prohibits_is_nobodys(character: str) -> None:
    assert read_login_name(f"mrose{character}").account is None


def test_a_name_is_prepared_as_a_query_and_a_password_as_a_stored_string() -> None:
    assert read_login_name(UNASSIGNED).salted_as == UNASSIGNED
    assert prepared(UNASSIGNED.encode()) is None


@pytest.mark.parametrize(
    ("said", "tried"),
    [
        ("correct horse", "correct horse"),
        ("correct\u00a0horse", "correct horse"),
        ("cafe\u0301", "caf\u00e9"),
        ("\ufb01sh", "fish"),
        ("\u2168", "IX"),
    ],
)
def test_a_password_is_tried_as_it_was_prepared_when_it_was_set(said: str, tried: str) -> None:
    assert tried.encode() == prepared(said.encode())
    assert tried.encode() == spellings(said.encode())[0]


@pytest.mark.parametrize("character", PROHIBITED)
def test_no_password_is_set_that_has_what_saslprep_prohibits(character: str) -> None:
    assert prepared(f"correct {character} horse".encode()) is None


@pytest.mark.parametrize("octets", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"a\xe3\x81"])
def test_no_password_is_set_that_is_not_utf_8(octets: bytes) -> None:
    assert prepared(octets) is None
