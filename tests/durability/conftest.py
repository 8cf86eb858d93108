"""Homes, each made once and copied for every test."""

from pathlib import Path

import pytest

from tests.durability.judge import MROSE, copy_home, look, remove
from tests.durability.rig import MARKED, fill, make_home, share


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("durability") / "empty")


@pytest.fixture(scope="session")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(make_home(tmp_path_factory.mktemp("durability") / "full"))


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return share(fill(make_home(tmp_path_factory.mktemp("durability") / "shared")))


@pytest.fixture(scope="session")
def removed_home(full_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three of five messages are removed, by a session whose work can be undone."""
    home = copy_home(full_home, tmp_path_factory.mktemp("durability") / "removed")
    before = look(home)[MROSE]
    remove(home, [before[number - 1].unique_id for number in MARKED])
    return home
