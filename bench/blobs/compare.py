"""Compare the ways in which immutable blobs can lie on the local disk.

`python bench/blobs/compare.py --messages 100000` prints one Markdown table: a column for each
layout, a row for each measurement. With `--sizes` the rows are sizes of message instead, to find
the size from which a file is better than a table. Everything lies below a temporary folder.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

if __name__ == "__main__":  # run by path: the packages lie two folders up
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from bench.blobs.known import LAYOUTS, MAIN
from bench.blobs.measure import Figures, everything, one_size

SIZES_KB = (4, 15, 32, 64, 128, 256, 1024)


def table(columns: Mapping[str, Figures]) -> str:
    """Lay the figures out in Markdown, a column for each layout."""
    names = list(dict.fromkeys(name for figures in columns.values() for name in figures))
    rows = [["", *columns], ["---", *("---:" for _ in columns)]]
    rows += [[name, *(figures.get(name, "") for figures in columns.values())] for name in names]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def by_size(name: str, folder: Path) -> Figures:
    """Measure one layout with each size of message."""
    figures: Figures = {}
    for size in SIZES_KB:
        figures |= one_size(name, folder, size * 1024)
    return figures


def wishes(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--sizes", action="store_true", help="compare by size of message")
    parser.add_argument("--layout", action="append", choices=LAYOUTS, help="only this; repeatable")
    parser.add_argument("--folder", type=Path, help="where to make the temporary folder")
    return parser.parse_args(words)


def main() -> None:
    """Measure one layout after the other and print the table."""
    wanted = wishes()
    columns: dict[str, Figures] = {}
    for name in wanted.layout or MAIN:
        with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
            sys.stderr.write(f"{name} ...\n")
            if wanted.sizes:
                columns[name] = by_size(name, Path(folder))
            else:
                columns[name] = everything(name, Path(folder), wanted.messages)
    print(table(columns))


if __name__ == "__main__":
    main()
