"""A home for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.archive.home import Home, open_home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    opened = open_home(tmp_path / "home")
    yield opened
    opened.database.close()
