"""A push by several processes: each has a Python of its own, and so a processor of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from pigeon.engine import Counts, Options, Summary
from pigeon.management.helper import help_pushing

#: Called with a helper's number, a destination's name, and the helper's counts there so far.
Watch = Callable[[int, str, Counts], None]


@dataclass
class _Helper:
    """One more process, and what it said."""

    process: BaseProcess
    pipe: Connection
    number: int
    summary: Summary | None = None
    failure: str = ""
    reading: threading.Thread | None = None


@dataclass
class Crew:
    """The processes that help this one, which pushes like them.

    Args:
        options: of the push.
        watch: is told of the helpers' progress.

    Attributes:
        failures: sentences about helpers that ended before their time; known after
            :meth:`join`.
    """

    options: Options
    watch: Watch | None = None
    failures: list[str] = field(default_factory=list)
    _helpers: list[_Helper] = field(default_factory=list)
    _stopping: bool = False

    def start(self) -> None:
        """Start all but one of the ``options.processes``: that one is us."""
        context = multiprocessing.get_context("spawn")
        # Once is enough: what failed since then waits for its time.
        asked = replace(self.options, retry_now=False)
        data = {each.name: getattr(asked, each.name) for each in fields(asked)}
        del data["owner"]  # each its own
        for number in range(1, self.options.processes):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=help_pushing, args=(data, theirs), kwargs={"watched": bool(self.watch)}
            )
            process.start()
            theirs.close()
            helper = _Helper(process, ours, number)
            helper.reading = threading.Thread(target=self._read, args=(helper,), daemon=True)
            helper.reading.start()
            self._helpers.append(helper)

    def stop(self) -> None:
        """Let all helpers end in order; may be called by a signal's handler."""
        self._stopping = True
        for helper in self._helpers:
            if helper.process.pid is not None and helper.process.exitcode is None:
                os.kill(helper.process.pid, signal.SIGTERM)

    def join(self, summary: Summary) -> None:
        """Wait until all helpers have ended, and add what they did to ``summary``."""
        for helper in self._helpers:
            assert helper.reading is not None
            helper.reading.join()
            if helper.summary is not None:
                summary.merge(helper.summary)
            if helper.failure:
                self.failures.append(helper.failure)

    def _read(self, helper: _Helper) -> None:
        try:
            while True:
                match helper.pipe.recv():
                    case ("progress", name, counts) if self.watch:
                        self.watch(helper.number, name, counts)
                    case ("summary", summary):
                        helper.summary = summary
                    case ("failed", sentence):
                        helper.failure = f"A process of the push failed: {sentence}"
        except (EOFError, OSError):
            helper.pipe.close()
        helper.process.join()
        if helper.summary is None and not self._stopping:
            helper.failure = helper.failure or _ended(helper.process)
            if self.options.forever:
                # Whoever keeps us running starts us again, all of us.
                os.kill(os.getpid(), signal.SIGTERM)


def _ended(process: BaseProcess) -> str:
    code = process.exitcode
    how = f"was ended by signal {-code}" if code and code < 0 else f"ended with status {code}"
    return (
        f"A process of the push {how}. What it held goes again when its lease ends, after "
        "PIGEON_LEASE_DURATION seconds."
    )
