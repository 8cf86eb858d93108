"""No password lies on the disk: every file of a home is searched for what was put into it."""

import base64
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.remote_settings import RemoteSettings
from pillarbox.accounts.remotes import Remotes
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database

OURS = b"canary-of-an-account-37"
THEIRS = b"canary-of-a-remote-1942"
USER = "canary-that-may-be-seen"  # shows that the search finds what is there


def spellings(word: bytes) -> list[bytes]:
    """Give the word as it may have been written, whatever stood before it in base64."""
    shifted = [base64.b64encode(b"x" * shift + word)[4:-4] for shift in range(3)]
    return [word, word[::-1], word.hex().encode(), word.decode().encode("utf-16-le"), *shifted]


def files_with(home: Path, word: bytes) -> set[str]:
    return {
        path.name
        for path in home.rglob("*")
        if path.is_file() and any(one in path.read_bytes() for one in spellings(word))
    }


@pytest.fixture
def app_words(accounts: Accounts, devices: Devices) -> list[bytes]:
    accounts.add("canary")
    kept = devices.add("canary", "kept", legacy_digest=True)
    gone = devices.add("canary", "gone", legacy_digest=True)
    devices.revoke("canary", "gone")
    return [kept.reveal(), gone.reveal(), devices.add("canary", "plain").reveal()]


@pytest.mark.usefixtures("filled")
def test_no_file_holds_an_app_password(tmp_path: Path, app_words: list[bytes]) -> None:
    assert [set()] * 3 == [files_with(tmp_path, word) for word in app_words]


@pytest.fixture
def filled(
    accounts: Accounts, passwords: Passwords, remotes: Remotes, secret_store: SecretStore
) -> None:
    account = accounts.add(USER, passwords.verifiers(USER, Secret(OURS)))
    passwords.set_password(USER, Secret(OURS))
    passwords.try_password(USER, Secret(OURS))
    passwords.try_password(USER, Secret(THEIRS))
    remote = remotes.add("work", RemoteSettings(account.id, "a", 995, USER), Secret(THEIRS))
    secret_store.rotate()
    assert Secret(THEIRS) == remotes.password(remote)


@pytest.mark.usefixtures("filled")
def test_no_file_holds_a_password_while_the_home_is_open_nor_after(
    tmp_path: Path, database: Database
) -> None:
    assert {"pillarbox.db-wal"} == files_with(tmp_path, USER.encode())
    assert set() == files_with(tmp_path, OURS) | files_with(tmp_path, THEIRS)

    database.close()

    assert {"pillarbox.db"} == files_with(tmp_path, USER.encode())
    assert set() == files_with(tmp_path, OURS) | files_with(tmp_path, THEIRS)
