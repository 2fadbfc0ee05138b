"""What all lanes of one run share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pigeon.engine.options import Options
from pigeon.engine.pool import Pool
from pigeon.engine.summary import Summary
from pigeon.queue import Result

#: Called with a destination's name and the results that were just recorded there.
Progress = Callable[[str, Sequence[Result]], None]


@dataclass
class Context:
    """The run's options, its pool, what it has done so far, and whether it shall end."""

    options: Options
    pool: Pool
    progress: Progress | None = None
    summary: Summary = field(default_factory=Summary)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _spent: int = 0

    def allowance(self, wanted: int) -> int:
        """How many items may be claimed now, at most ``wanted``."""
        if self.options.limit is None:
            return wanted
        return max(0, min(wanted, self.options.limit - self._spent))

    def spend(self, number: int) -> None:
        """``number`` items were claimed."""
        self._spent += number

    def report(self, destination: str, results: Sequence[Result]) -> None:
        """Count recorded results, and show them to whoever watches."""
        self.summary.add(destination, results)
        if self.progress is not None:
            self.progress(destination, results)
