"""Prints the tables of a benchmark with rich."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgevision.bench.present import Table

__all__ = ["print_tables"]

_PIPE_WIDTH = 160


def print_tables(tables: "Iterable[Table]") -> None:
    """Print to standard output, as wide as the terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    for content in tables:
        shown = Table(
            title=content.title,
            title_justify="left",
            box=None,
            pad_edge=False,
            show_header=any(content.columns),
        )
        for column in content.columns:
            shown.add_column(column, overflow="fold")
        for row in content.rows:
            shown.add_row(*map(Text, row))
        console.print(shown)
        console.print()
