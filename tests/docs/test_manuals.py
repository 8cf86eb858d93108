"""The manuals say every exit code, and whoever reads Japanese finds every page for users."""

import re
from pathlib import Path

import pytest

from pillarbox.cli.main import FAILED
from pillarbox.collector.outcome import Outcome

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CODE = re.compile(r"^\| (\d+) \|", re.MULTILINE)
USAGE = 2  # click's own


@pytest.mark.parametrize("folder", ["man", "man/ja"])
def test_the_manual_has_every_exit_code_of_collect_and_no_other(folder: str) -> None:
    page = (DOCS / folder / "pillarbox.1.md").read_text("utf-8")

    assert sorted(map(int, Outcome)) == [int(code) for code in CODE.findall(page)]
    assert {FAILED, USAGE} <= {int(code) for code in CODE.findall(page)}


@pytest.mark.parametrize("folder", ["man", "howto"])
def test_every_page_for_users_is_there_in_japanese(folder: str) -> None:
    english = {page.name for page in (DOCS / folder).glob("*.md")}
    japanese = {page.name for page in (DOCS / folder / "ja").glob("*.md")}

    assert english
    assert english == japanese


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_the_first_screen_says_what_it_is_and_then_the_two_commands(page: str) -> None:
    blocks = (ROOT / page).read_text("utf-8").split("\n\n")
    groups = [block for block in blocks if block.startswith("**")]

    assert blocks[0] == "# Pillarbox"
    assert blocks[1].startswith("Pillarbox ")
    assert "make run" in blocks[2]
    assert "make test" in blocks[2]
    assert blocks[3:7] == groups  # easy, useful, secure; and what it is not
