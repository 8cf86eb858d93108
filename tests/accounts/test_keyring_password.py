"""A password in the keyring: keyring itself, with a keyring of the test's own."""

import sys
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from pillarbox.accounts.keyring_password import password_from_keyring
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret

SERVICE = Secret(b"pillarbox work")


class Kept(KeyringBackend):
    """A keyring in memory."""

    priority = 0  # chosen by name alone

    def __init__(self) -> None:
        self.passwords: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked("nobody opened it")
        return self.passwords.get((service, username))


@pytest.fixture
def kept() -> Iterator[Kept]:
    before, kept = keyring.get_keyring(), Kept()
    keyring.set_keyring(kept)
    yield kept
    keyring.set_keyring(before)


def test_the_password_is_that_of_the_service_and_the_user(kept: Kept) -> None:
    kept.set_password("pillarbox work", "rosemary", "corréct")

    assert Secret("corréct".encode()) == password_from_keyring(SERVICE, "rosemary")


def test_an_empty_place_is_named(kept: Kept) -> None:
    with pytest.raises(OperatorFault, match="no password of rosemary under 'pillarbox work'"):
        password_from_keyring(SERVICE, "rosemary")


def test_a_keyring_that_is_locked_says_so(kept: Kept) -> None:
    kept.is_locked = True

    with pytest.raises(OperatorFault, match="cannot be read: nobody opened it"):
        password_from_keyring(SERVICE, "rosemary")


def test_where_keyring_is_not_installed_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(OperatorFault, match=r"pip install pillarbox\[keyring\]"):
        password_from_keyring(SERVICE, "rosemary")
