"""What the demo says: coloured on a terminal, plain in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True)
class Result:
    """What the last line says."""

    items: int
    destinations: int
    files: int


def title(text: str) -> None:
    _console.print(f"[bold]{text}[/]")


def step(text: str) -> None:
    """What happens next."""
    _console.print(f"\n[bold cyan]▸[/] [bold]{escape(text)}[/]")


def say(text: str) -> None:
    _console.print(f"  {escape(text)}")


def good(text: str) -> None:
    _console.print(f"  [green]✓[/] {escape(text)}")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns under ``headings``; numbers stand to the right."""
    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for index, heading in enumerate(headings):
        numbers = bool(rows) and isinstance(rows[0][index], int)
        grid.add_column(heading, justify="right" if numbers else "left", no_wrap=True)
    for row in rows:
        grid.add_row(
            *(f"{cell:,}" if isinstance(cell, int) else escape(str(cell)) for cell in row)
        )
    with _console.capture() as capture:
        _console.print(grid)
    for line in capture.get().splitlines():
        _console.out(f"  {line}".rstrip(), highlight=False)


def failure(text: str) -> None:
    _console.print(f"\n[bold red]demo: FAILED:[/] {escape(text)}")


def end(result: Result) -> None:
    """The line by which scripts know that all went well."""
    _console.print(
        f"\ndemo: {result.items} items pushed to {result.destinations} destinations, "
        f"{result.files} files verified"
    )
