"""A bar per destination while a push runs, on a terminal only."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from pigeon.conf import conf
from pigeon.engine import Counts, Options, Summary
from pigeon.engine.run import chosen_destinations
from pigeon.queue import Result, survey


@contextmanager
def shown_progress(options: Options, *, is_terminal: bool) -> Iterator[Bars | None]:
    """What the engine tells of its progress to; ``None`` where nobody would see it."""
    if not is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[troubles]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield Bars(progress, options)


class Bars:
    """One bar per destination that has something waiting, or gets it while we watch."""

    def __init__(self, progress: Progress, options: Options) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._summary = Summary()
        #: Destination → number of the process → its counts.
        self._counted: dict[str, dict[int, Counts]] = {}
        self._showing = threading.Lock()
        for name in chosen_destinations(options):
            waiting = sum(survey.count_waiting(name, using) for using in conf.DATABASES)
            if waiting:
                self._add(name, min(waiting, options.limit or waiting))

    def __call__(self, destination: str, results: Sequence[Result]) -> None:
        """Show ``results``, which were just recorded at ``destination`` by this process."""
        self._summary.add(destination, results)
        self.show(0, destination, self._summary.destinations[destination])

    def show(self, process: int, destination: str, counts: Counts) -> None:
        """Show what one of the processes has done so far at ``destination``."""
        with self._showing:
            counted = self._counted.setdefault(destination, {})
            counted[process] = counts
            total = Counts()
            for each in counted.values():
                total.merge(each)
            self._update(destination, total)

    def _update(self, destination: str, counts: Counts) -> None:
        bar = self._bars.get(destination)
        if bar is None:
            bar = self._add(destination, 0)
        parts = [(counts.failed, "failed"), (counts.retry, "to be tried again")]
        troubles = ", ".join(f"{number} {word}" for number, word in parts if number)
        task = self._progress.tasks[self._progress.task_ids.index(bar)]
        done = counts.pushed + counts.retry + counts.failed + counts.cancelled
        total = max(task.total or 0, done)
        self._progress.update(bar, completed=done, total=total, troubles=troubles)

    def _add(self, name: str, total: int) -> TaskID:
        bar = self._progress.add_task(escape(name), total=total, troubles="")
        self._bars[name] = bar
        return bar
