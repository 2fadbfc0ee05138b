"""What a push would do, for people."""

from __future__ import annotations

from collections.abc import Iterable

from pigeon.management.command import PigeonCommand
from pigeon.management.text import one_line
from pigeon.text import counted
from pigeon.upcoming import Outlook, Planned

_GOING = ("item", "rule", "object", "title", "action")
_WAITING = (*_GOING, "waits because")


def print_outlooks(command: PigeonCommand, outlooks: Iterable[Outlook]) -> None:
    """Print each outlook to stdout as soon as it is there."""
    empty = True
    for outlook in outlooks:
        if not empty:
            command.stdout.write("")
        empty = False
        _print(command, outlook)
    if empty:
        command.stdout.write("Nothing waits.")


def _print(command: PigeonCommand, outlook: Outlook) -> None:
    where = f" ({outlook.url})" if outlook.url not in ("", outlook.destination) else ""
    command.stdout.write(one_line(f"{outlook.destination}{where}: {outlook.condition}"))
    if outlook.going:
        command.stdout.write(f"{counted(len(outlook.going), 'item')} would go, in this order:")
        command.print_table(_GOING, [_row(item) for item in outlook.going])
    if outlook.waiting:
        command.stdout.write(f"{counted(len(outlook.waiting), 'item')} would wait:")
        rows = [(*_row(item), item.waits) for item in outlook.waiting]
        command.print_table(_WAITING, rows)
    if outlook.more:
        command.stdout.write("More may wait than is listed; raise --limit to see it.")


def _row(item: Planned) -> tuple[object, ...]:
    return (item.item, item.rule, item.object, item.title, item.action)
