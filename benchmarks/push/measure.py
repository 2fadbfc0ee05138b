"""Seconds and memory of what was measured, and what counts of several runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import descendants

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Took:
    """Seconds on the clock and of the client's CPU; bytes of its memory at the most, if known."""

    wall: float
    cpu: float
    memory: int = 0


@dataclass(frozen=True)
class Figure:
    """Medians of several runs of one thing; the spread is of the seconds."""

    wall: float
    cpu: float
    memory: int
    spread: tuple[float, float]
    runs: int


def figure(took: Sequence[Took]) -> Figure:
    walls = [each.wall for each in took]
    return Figure(
        statistics.median(walls),
        statistics.median(each.cpu for each in took),
        max(each.memory for each in took),
        (min(walls), max(walls)),
        len(took),
    )


def run(command: Sequence[str], **options: object) -> Took:
    """Run a peer; with the CPU of the processes that it starts, such as lftp's ssh."""
    started, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    wall, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system
    return Took(wall, cpu - before.children_user - before.children_system)


def run_here(action: Callable[[], object]) -> Took:
    """Time what is done in this process."""
    started, before = time.perf_counter(), time.process_time()
    action()
    return Took(time.perf_counter() - started, time.process_time() - before)


def cpu_of(pids: Iterable[int]) -> float:
    """CPU seconds that running processes have used, with children that have ended."""
    return sum(sum(map(int, _stat(pid)[11:15])) for pid in pids) / _TICK


def memory_of(pids: Iterable[int]) -> int:
    """Bytes that running processes had resident at the most, added up."""
    return sum(_status(pid).get("VmHWM", 0) for pid in pids) * 1024


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    return [pid, *descendants(pid)]


def _stat(pid: int) -> list[str]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return ["0"] * 20


def _status(pid: int) -> dict[str, int]:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        pairs = (line.partition(":") for line in lines)
        return {name: int(value.split()[0]) for name, _, value in pairs if "kB" in value}
    return {}
