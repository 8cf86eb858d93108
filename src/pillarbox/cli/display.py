"""What is laid out for a person who looks; imported, with its library, where somebody does."""

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.progress import Progress, ProgressColumn
from rich.table import Column, Table


def progress_display(*columns: ProgressColumn) -> Progress:
    """Return a progress display on stderr; it says nothing where no person looks."""
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def print_columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose cells are printable."""
    # What a person may have to type again is never cut: the first column stays in one piece.
    first, *others = (Column(each, overflow="fold") for each in headings)
    table = Table(replace(first, no_wrap=True), *others, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)
