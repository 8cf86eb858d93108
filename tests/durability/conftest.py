"""Homes, each made once and copied for every test."""

from pathlib import Path

import pytest

from tests.durability.rig import fill, make_home


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("durability") / "empty")


@pytest.fixture(scope="session")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(make_home(tmp_path_factory.mktemp("durability") / "full"))
