"""A password in the keyring: keyring itself, with a keyring of the test's own."""

import sys
from collections.abc import Iterator
from threading import Event

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
        self.error: Exception | None = None
        self.answers = Event()
        self.answers.set()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        self.answers.wait()
        if self.error:
            raise self.error
        return self.passwords.get((service, username))


@pytest.fixture
def kept() -> Iterator[Kept]:
    before, kept = keyring.get_keyring(), Kept()
    keyring.set_keyring(kept)
    yield kept
    kept.answers.set()
    keyring.set_keyring(before)


def test_the_password_is_that_of_the_service_and_the_user(kept: Kept) -> None:
    kept.set_password("pillarbox work", "rosemary", "corréct")

    assert Secret("corréct".encode()) == password_from_keyring(SERVICE, "rosemary")


def test_an_empty_place_is_named(kept: Kept) -> None:
    with pytest.raises(OperatorFault, match="no password of rosemary under 'pillarbox work'"):
        password_from_keyring(SERVICE, "rosemary")


def test_a_keyring_that_is_locked_says_so(kept: Kept) -> None:
    kept.error = KeyringLocked("nobody opened it")

    with pytest.raises(OperatorFault, match="cannot be read: nobody opened it"):
        password_from_keyring(SERVICE, "rosemary")


def test_what_a_library_below_it_says_is_not_repeated(
    kept: Kept, capfd: pytest.CaptureFixture[str]
) -> None:
    kept.error = RuntimeError("canary")

    with pytest.raises(OperatorFault, match=r"cannot be read: RuntimeError\.") as caught:
        password_from_keyring(SERVICE, "rosemary")

    assert caught.value.__cause__ is None
    assert "canary" not in "".join(capfd.readouterr())


def test_a_keyring_that_waits_for_somebody_is_not_waited_for_without_end(kept: Kept) -> None:
    kept.answers.clear()

    with pytest.raises(OperatorFault, match=r"gave no password within 0\.01 seconds"):
        password_from_keyring(SERVICE, "rosemary", seconds=0.01)


def test_where_keyring_is_not_installed_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(OperatorFault, match=r"pip install pillarbox\[keyring\]"):
        password_from_keyring(SERVICE, "rosemary")
