"""A mirror: the longest files and functions of the code, with medians and ninetieth percentiles."""

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

SHOWN = 10
FILE_LINES = 500  # house style: past this a file usually holds two ideas
FUNCTION_LINES = 50  # house style: past this a function does two things


@dataclass(frozen=True, slots=True, order=True)
class Measured:
    """Something that has a length and a place."""

    lines: int
    where: str


def functions(path: Path, tree: ast.Module) -> Iterator[Measured]:
    """Measure each function of a file, its decorators left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Measured(lines, f"{path}:{node.lineno} {node.name}")


def ninetieth(values: Sequence[int]) -> int:
    """Give the value that nine in ten do not pass."""
    return sorted(values)[max(0, -(-len(values) * 9 // 10) - 1)]


def show(title: str, found: list[Measured], long: int) -> None:
    """Print the summary of one kind and its longest members."""
    if not found:
        return
    lines = [one.lines for one in found]
    beyond = sum(1 for length in lines if length > long)
    print(
        f"{title}: {len(lines)}, median {median(lines):g}, p90 {ninetieth(lines)}, "
        f"longest {max(lines)}, over {long} lines: {beyond}"
    )
    for one in sorted(found, reverse=True)[:SHOWN]:
        print(f"  {one.lines:>5}  {one.where}")


def main() -> int:
    """Measure each tree by itself, the tests apart from the product."""
    for root in ("src", "tests", "tools", "bench"):
        files: list[Measured] = []
        inside: list[Measured] = []
        for path in sorted(Path(root).rglob("*.py")):
            text = path.read_text()
            files.append(Measured(len(text.splitlines()), str(path)))
            inside.extend(functions(path, ast.parse(text)))
        show(f"{root}: files", files, FILE_LINES)
        show(f"{root}: functions", inside, FUNCTION_LINES)
    return 0


if __name__ == "__main__":
    sys.exit(main())
