"""The real command in processes of its own: a worker that stays, or a run that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from benchmarks.push.measure import Meter, Took, cpu_of, family, memory_of, run

PROJECT = Path(__file__).resolve().parents[2]
#: Seconds that a push may take before the benchmark gives up.
PATIENCE = 120


def _command(*arguments: str, processes: int) -> list[str]:
    words = [sys.executable, "-m", "django", "pigeon_push", "-v", "0", *arguments]
    return [*words, "--processes", str(processes)] if processes > 1 else words


def until(done: Callable[[], bool], pause: float = 0.01) -> None:
    """Wait until ``done()``; looking costs next to nothing."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"The push was not done after {PATIENCE} seconds")
        time.sleep(pause)


@contextmanager
def worker(processes: int) -> Iterator[int]:
    """``pigeon_push --forever``; yields its process id."""
    command = _command("--forever", processes=processes)
    process = subprocess.Popen(command, cwd=PROJECT, env=os.environ, start_new_session=True)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:  # it waits for a server that hangs, as it should
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _stopped(pids: Sequence[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def timed(pid: int, queue: Callable[[], None], done: Callable[[], bool]) -> Took:
    """From the moment when worker ``pid`` looks at what ``queue`` wrote, until ``done``.

    How long a worker waits between two looks is a setting, and no part of its speed: it is stopped
    while the rows are written, so long that it looks at once when it may go on.
    """
    # Not in the middle of a look: what that finds would be from before, and the next one far.
    time.sleep(settings.PIGEON_POLL_INTERVAL / 2)
    before = cpu_of(family(pid))
    with _stopped(family(pid)):
        queue()
        time.sleep(2 * settings.PIGEON_POLL_INTERVAL)
        meter = Meter()
    until(done)
    meter.stop()
    members = family(pid)
    return meter.took(cpu_of(members) - before, memory_of(members))


def cold(processes: int) -> Took:
    """A push that is started, as by cron, and ends; Python's and Django's start included."""
    return run(_command(processes=processes), cwd=PROJECT)
