"""What the doctor found: for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console

from pigeon.doctor import Report
from pigeon.management.command import PigeonCommand
from pigeon.management.text import one_line
from pigeon.text import counted

_HEADINGS = ("tried", "works", "so Pigeon …", "seen")
#: Characters of a cell; what is longer stands in full below the table.
_WIDTH = 60


class Waiting:
    """Says on stderr that something goes on; on a terminal only.

    Args:
        number: of the destinations.
        is_terminal: whether anybody would see it.
    """

    def __init__(self, number: int, *, is_terminal: bool) -> None:
        words = f"Examining {counted(number, 'destination')} …"
        self._status = Console(stderr=True).status(words) if is_terminal else None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Out of the way while something is printed."""
        self.stop()
        yield
        self.start()

    def start(self) -> None:
        """Show it."""
        if self._status:
            self._status.start()

    def stop(self) -> None:
        """Take it away."""
        if self._status:
            self._status.stop()


@contextmanager
def shown_waiting(number: int, *, is_terminal: bool) -> Iterator[Waiting]:
    """A :class:`Waiting` while the block runs."""
    waiting = Waiting(number, is_terminal=is_terminal)
    waiting.start()
    try:
        yield waiting
    finally:
        waiting.stop()


def print_report(command: PigeonCommand, report: Report, *, first: bool) -> None:
    """Print ``report`` to stdout: what the server told, the table, what to do."""
    write = command.stdout.write
    if not first:
        write("")
    write(one_line(f"{report.destination}: {report.url}".rstrip(": ")))
    for name, words in report.facts.items():
        write(f"  {one_line(name)}: {one_line(words)}")
    rows = [(one.name, one.answer, one.consequence, _short(one.detail)) for one in report.steps]
    command.print_table(_HEADINGS, rows)
    for one in report.steps:
        if one.ask:
            write(one_line(f"- {one.name}: {one.ask}"))
            if len(one.detail) > _WIDTH:
                write(f"  {one_line(one.detail)}")  # may end with a line that is to be copied
    write(one_line(_verdict(report)))


def summary(reports: Sequence[Report]) -> str:
    """Which destinations are not sound, and why; empty when all are."""
    found = [_verdict(report) for report in reports if not report.sound]
    return "\n".join(map(one_line, found))


def _verdict(report: Report) -> str:
    if report.sound:
        return f"{report.destination} is sound."
    return f"{report.destination} is not sound: {', '.join(one.name for one in report.missing)}."


def _short(words: str) -> str:
    words = one_line(words)
    return words if len(words) <= _WIDTH else f"{words[: _WIDTH - 1].rstrip()}…"
