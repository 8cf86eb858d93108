"""One post office for each test, and real clients' homes beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endtoend.post_office import PostOffice, Serving, open_office


@pytest.fixture
def office(tmp_path: Path) -> PostOffice:
    return open_office(tmp_path / "home")


@pytest.fixture
def serving(office: PostOffice) -> Iterator[Serving]:
    with office.serving() as serving:
        yield serving
