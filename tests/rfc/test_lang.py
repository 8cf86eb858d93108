"""LANG tells nothing about who is there: RFC 6856, section 7."""

import pytest

from tests.rfc.session import LOGIN, ask, begin

WRONG = b"USER mrose\r\nPASS wrong\r\n"


@pytest.mark.parametrize("login", [b"USER mrose\r\n", b"USER nobody\r\n", WRONG, LOGIN])
@pytest.mark.parametrize(
    ("language", "goodbye"), [(b"", "Goodbye."), (b"LANG ja\r\n", "さようなら。")]
)
def test_no_login_changes_the_language(login: bytes, language: bytes, goodbye: str) -> None:
    core = begin()

    assert f"+OK {goodbye}".encode() == ask(core, language + login + b"QUIT\r\n")[-1]


@pytest.mark.parametrize("login", [b"USER mrose\r\n", b"USER nobody\r\n", WRONG, LOGIN])
def test_the_administrators_language_is_the_same_for_everybody(login: bytes) -> None:
    asked = [b"+OK en Language changed."]

    assert asked == ask(begin(), b"LANG *\r\n")
    assert asked == ask(begin(), login + b"LANG *\r\n")[-1:]
