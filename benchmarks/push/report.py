"""The table that people read, and the file that programs read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.push.cases import MEMORY, Case
from benchmarks.push.contest import DIGEST, OURS, PIGEON, QUEUE, SENDER
from benchmarks.push.measure import Figure, Took, figure

RESULTS = Path(__file__).resolve().parents[1] / "results" / "push.json"


@dataclass(frozen=True)
class Line:
    """A line of the file; ``ours`` and ``peer`` are speeds: files or MB per second.

    ``limit`` is about the highest ratio that there can be, where that is known; it is for people.
    """

    case: str
    ratio: float
    bar: float
    ours: float
    peer: float
    peer_name: str
    runs: int
    limit: float | None = None

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.bar


def lines(case: Case, took: dict[str, list[Took]]) -> Iterator[Line]:
    """Our figure beside the best peer's, and for a large file our memory beside its limit."""
    figures = {name: figure(each) for name, each in took.items() if each}
    mine = figures[PIGEON]
    rivals = {name: each for name, each in figures.items() if name not in OURS}
    if rivals:
        best = min(rivals, key=lambda name: rivals[name].wall)
        ours, peer = case.speed(mine.wall), case.speed(rivals[best].wall)
        most = _limit(case, figures)
        yield Line(
            case.name, round(ours / peer, 3), case.bar, ours, peer, best, mine.runs,
            most and most / peer,
        )  # fmt: skip
    if not case.files:
        name, memory = f"{case.name}: memory", mine.memory / 1e6
        yield Line(name, MEMORY / mine.memory, 1.0, memory, MEMORY / 1e6, "the limit", mine.runs)


def _limit(case: Case, figures: Mapping[str, Figure]) -> float | None:
    """About the highest speed of ours that there can be, by what its parts take by themselves.

    A large file is not recorded before its digest is known. Many files take all of the cores at
    the best, if none ever waits, and nothing that runs at the same time gets in another's way.
    That is an estimate: parts that run together also save a little, such as looks at the queue.
    """
    if case.delay:
        return None
    if not case.files:
        return case.speed(figures[DIGEST].wall)
    busy = figures[QUEUE].cpu + figures[SENDER].cpu + figures[SENDER].rest
    return case.speed(busy / len(os.sched_getaffinity(0)))


def print_figures(case: Case, took: dict[str, list[Took]]) -> None:
    """All tools of one case, the fastest of the peers included."""
    print(f"\n{case.name} ({len(next(iter(took.values())))} runs, medians)")
    for name, each in took.items():
        found = figure(each)
        memory = f", {found.memory / 1e6:.0f} MB resident" if found.memory else ""
        print(
            f"  {name:<24}{case.speed(found.wall):8.0f} {case.unit}   {found.wall:6.2f} s "
            f"({found.spread[0]:.2f}-{found.spread[1]:.2f}), CPU {found.cpu:.2f} s, "
            f"server {found.rest:.2f} s, idle {found.idle:.2f} s{memory}"
        )


def print_table(found: list[Line]) -> None:
    """Every line with its bar."""
    print(f"\n{'case':<38}{'ours':>8}{'peer':>8}  {'ratio':>6}{'bar':>6}")
    for line in found:
        mark = "" if line.is_met else f"   MISSED{_why(line)}"
        print(
            f"{line.case:<38}{line.ours:8.0f}{line.peer:8.0f}  {line.ratio:6.2f}{line.bar:6.2f}"
            f"  {line.peer_name}{mark}"
        )


def _why(line: Line) -> str:
    return f"; by its parts, at the best about {line.limit:.2f}" if line.limit else ""


def write(found: list[Line]) -> None:
    """Write ``benchmarks/results/push.json``."""
    RESULTS.parent.mkdir(exist_ok=True)
    rows = [asdict(line) for line in found]
    for row in rows:
        del row["limit"]
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
