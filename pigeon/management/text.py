"""Text for people: safe to show on a terminal, aligned, with sizes they can read."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pigeon.text import size as size

#: Characters that may be shown although they are not printable.
_LAYOUT = "\n\t"


def shown(value: object) -> str:
    """``value`` as text that cannot command a terminal: titles come from content."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in _LAYOUT else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )


def one_line(value: object) -> str:
    """``value`` as :func:`shown`, in one line."""
    return " ".join(shown(value).split())


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, on_terminal: bool) -> str:
    """``rows`` under ``headings``; numbers stand on the right."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    numeric = [all(isinstance(row[at], int) for row in rows) for at in range(len(headings))]
    if on_terminal:
        return _drawn(headings, cells, numeric)
    return _aligned(headings, cells, numeric)


def _drawn(headings: Sequence[str], cells: list[list[str]], numeric: Sequence[bool]) -> str:
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for heading, right in zip(headings, numeric, strict=True):
        drawn.add_column(heading, justify="right" if right else "left")
    for row in cells:
        drawn.add_row(*map(Text, row))
    console = Console(force_terminal=True)
    with console.capture() as captured:
        console.print(drawn)
    return captured.get().rstrip("\n")


def _aligned(headings: Sequence[str], cells: list[list[str]], numeric: Sequence[bool]) -> str:
    lines = [list(headings), *cells]
    widths = [max(len(line[at]) for line in lines) for at in range(len(headings))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )
