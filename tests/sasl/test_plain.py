"""PLAIN's one message, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.secret import Secret
from pillarbox.sasl.plain import Attempt, read_plain, write_plain

NAMES = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)
PASSWORDS = st.binary(min_size=1).filter(lambda octets: b"\0" not in octets)


@given(NAMES, PASSWORDS)
def test_what_is_written_is_read(name: str, password: bytes) -> None:
    attempt = Attempt(name, Secret(password))

    assert attempt == read_plain(write_plain(name, Secret(password)))


@given(st.binary())
def test_no_octets_are_a_surprise(octets: bytes) -> None:
    attempt = read_plain(Secret(octets))

    assert attempt is None or (attempt.name and attempt.secret.reveal())


@pytest.mark.parametrize(
    "octets",
    [b"", b"a", b"\0a", b"\0\0", b"\0a\0", b"\0\0a", b"b\0a\0c", b"\0a\0b\0c", b"\0\xff\0a"],
)
def test_what_is_no_message_is_no_attempt(octets: bytes) -> None:
    assert read_plain(Secret(octets)) is None


def test_a_name_may_say_that_it_acts_as_itself() -> None:
    assert Attempt("mrose", Secret(b"x")) == read_plain(Secret(b"mrose\0mrose\0x"))


def test_a_secret_does_not_show_itself() -> None:
    assert "correct" not in repr(Attempt("mrose", Secret(b"correct horse")))
