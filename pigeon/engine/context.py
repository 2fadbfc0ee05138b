"""What all lanes of one run share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pigeon.engine.alarm import Alarm
from pigeon.engine.options import Options
from pigeon.engine.pool import Pool
from pigeon.engine.summary import Summary
from pigeon.queue import Result

logger = logging.getLogger("pigeon.engine")

#: Called with a destination's name and the results that were just recorded there.
Progress = Callable[[str, Sequence[Result]], None]


@dataclass
class Context:
    """The run's options, its pool, what it has done so far, and whether it shall end.

    ``alarm`` is there when somebody wants alerts; ``lanes`` are at work now.
    """

    options: Options
    pool: Pool
    progress: Progress | None = None
    alarm: Alarm | None = None
    summary: Summary = field(default_factory=Summary)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    lanes: int = 0
    _spent: int = 0

    @property
    def is_spent(self) -> bool:
        """Whether no more items may be claimed, as far as is known now."""
        return self.options.limit is not None and self._spent >= self.options.limit

    def take_allowance(self, wanted: int) -> int:
        """Spend as much of the run's limit as there is, at most ``wanted``; how much it was."""
        limit = self.options.limit
        granted = wanted if limit is None else max(0, min(wanted, limit - self._spent))
        self._spent += granted
        return granted

    def return_allowance(self, number: int) -> None:
        """``number`` of what was taken is not needed."""
        self._spent -= number

    def report(self, destination: str, results: Sequence[Result]) -> None:
        """Count recorded results, and show them to whoever watches."""
        self.summary.add(destination, results)
        if self.progress is None:
            return
        try:
            self.progress(destination, results)
        except Exception:
            # Nobody looks any more, such as when the terminal is gone: that stops no delivery.
            logger.exception("Progress could not be shown; it is not shown any more")
            self.progress = None
