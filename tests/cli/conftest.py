"""A home that `init` made, with one account where a test wants it."""

from pathlib import Path

import pytest

from tests.cli.home import CommandLine
from tests.homes import write_home


@pytest.fixture(autouse=True)
def plain_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine's user has set for every Pillarbox."""
    for name in ("PILLARBOX_HOME", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def empty(tmp_path: Path) -> CommandLine:
    """Give the command line where no home has been made."""
    return CommandLine(tmp_path / "home")


@pytest.fixture
def home(empty: CommandLine) -> CommandLine:
    """Give the command line on a new home."""
    write_home(empty.folder, has_account=False)
    return empty


@pytest.fixture
def ours(empty: CommandLine) -> CommandLine:
    """Give the command line on a home with the account mrose."""
    write_home(empty.folder)
    return empty
