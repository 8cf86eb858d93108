"""The pages of the audit name every event that the code writes, its facts, and no others."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

from pillarbox.app.alert_words import WORDS
from pillarbox.journal.alerts import AlertKind

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ROW = re.compile(r"^\| `([a-z.-]+)` \| ([^|]*) \|", re.MULTILINE)
FACT = re.compile(r"`([a-z_]+)`")
WRITERS = {"append", "audit.append"}
PAGES = pytest.mark.parametrize("page", [DOCS / "audit.md", DOCS / "ja" / "audit.md"], ids=str)


def written() -> Iterator[tuple[str, set[str]]]:
    """Yield every event that the code writes, as a pattern, with the facts that it names there."""
    for path in (ROOT / "src").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if is_written(call):
                yield pattern(call.args[2]), {each.arg for each in call.keywords if each.arg}


def is_written(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) in WRITERS
        and ast.unparse(node.args[0]) == "rows"
    )


def pattern(event: ast.expr) -> str:
    """Return what matches an event's name: a constant, or a text with a part that is filled in."""
    parts = event.values if isinstance(event, ast.JoinedStr) else [event]
    return "".join(
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z]+" for part in parts
    )


def described(page: Path) -> dict[str, set[str]]:
    return {event: set(FACT.findall(facts)) for event, facts in ROW.findall(page.read_text())}


@PAGES
def test_the_page_has_every_event_with_its_facts(page: Path) -> None:
    rows = described(page)
    missing = [
        (event, facts)
        for event, facts in written()
        if not any(re.fullmatch(event, name) and facts <= known for name, known in rows.items())
    ]

    assert [] == missing


@PAGES
def test_the_page_has_no_event_that_is_never_written(page: Path) -> None:
    events = {event for event, _ in written()}

    assert [] == [
        name for name in described(page) if not any(re.fullmatch(event, name) for event in events)
    ]


def test_both_pages_have_the_same_facts() -> None:
    assert described(DOCS / "audit.md") == described(DOCS / "ja" / "audit.md")


@pytest.mark.parametrize("folder", ["howto", "howto/ja"])
def test_every_kind_of_alert_is_described_and_worded(folder: str) -> None:
    page = (DOCS / folder / "get-alerts.md").read_text("utf-8")

    assert set(WORDS) == set(AlertKind)
    assert set() == {kind for kind in AlertKind if f"`{kind}`" not in page}
