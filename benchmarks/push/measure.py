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
    """What one run took.

    Attributes:
        wall: seconds on the clock.
        cpu: seconds of CPU of the client.
        memory: bytes of the client at the most, if known.
        rest: seconds of CPU of all else on the machine, which is mostly the server.
        idle: seconds in which cores had nothing to do, added up.
    """

    wall: float
    cpu: float
    memory: int = 0
    rest: float = 0.0
    idle: float = 0.0


@dataclass(frozen=True)
class Figure:
    """Medians of several runs of one thing; the spread is of the seconds."""

    wall: float
    cpu: float
    memory: int
    rest: float
    idle: float
    spread: tuple[float, float]
    runs: int


def figure(took: Sequence[Took]) -> Figure:
    walls = [each.wall for each in took]
    return Figure(
        statistics.median(walls),
        statistics.median(each.cpu for each in took),
        max(each.memory for each in took),
        statistics.median(each.rest for each in took),
        statistics.median(each.idle for each in took),
        (min(walls), max(walls)),
        len(took),
    )


class Meter:
    """Begins to measure when it is made: the clock, and what all cores do."""

    def __init__(self) -> None:
        self._busy, self._idle = _cores()
        self._started = time.perf_counter()
        self._wall = 0.0

    def stop(self) -> None:
        """All is done."""
        self._wall = time.perf_counter() - self._started
        busy, idle = _cores()
        self._busy, self._idle = busy - self._busy, idle - self._idle

    def took(self, cpu: float, memory: int = 0) -> Took:
        """What was measured, with the client's CPU and memory."""
        return Took(self._wall, cpu, memory, max(0.0, self._busy - cpu), self._idle)


def _cores() -> tuple[float, float]:
    """Seconds since the machine's start in which its cores were busy, and had nothing to do."""
    with suppress(OSError):
        user, nice, system, idle, waiting, *interrupts = map(int, _first_of("/proc/stat")[:7])
        busy = user + nice + system + sum(interrupts)
        return busy / _TICK, (idle + waiting) / _TICK
    return 0.0, 0.0


def _first_of(path: str) -> list[str]:
    return Path(path).read_text().partition("\n")[0].split()[1:]


def run(command: Sequence[str], **options: object) -> Took:
    """Run a peer; with the CPU of the processes that it starts, such as lftp's ssh."""
    before, meter = os.times(), Meter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    meter.stop()
    return meter.took(_children(os.times()) - _children(before))


def run_here(action: Callable[[], object]) -> Took:
    """Time what is done in this process."""
    before, meter = time.process_time(), Meter()
    action()
    meter.stop()
    return meter.took(time.process_time() - before)


def _children(times: os.times_result) -> float:
    return times.children_user + times.children_system


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
