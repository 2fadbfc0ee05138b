"""The table that people read, and the file that programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.push.cases import MEMORY, Case
from benchmarks.push.contest import OURS, PIGEON
from benchmarks.push.measure import Took, figure

RESULTS = Path(__file__).resolve().parents[1] / "results" / "push.json"


@dataclass(frozen=True)
class Line:
    """A line of the file; ``ours`` and ``peer`` are speeds: files or MB per second."""

    case: str
    ratio: float
    bar: float
    ours: float
    peer: float
    peer_name: str
    runs: int

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
        yield Line(case.name, round(ours / peer, 3), case.bar, ours, peer, best, mine.runs)
    if not case.files:
        name, memory = f"{case.name}: memory", mine.memory / 1e6
        yield Line(name, MEMORY / mine.memory, 1.0, memory, MEMORY / 1e6, "the limit", mine.runs)


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
        mark = "" if line.is_met else "   MISSED"
        print(
            f"{line.case:<38}{line.ours:8.0f}{line.peer:8.0f}  {line.ratio:6.2f}{line.bar:6.2f}"
            f"  {line.peer_name}{mark}"
        )


def write(found: list[Line]) -> None:
    """Write ``benchmarks/results/push.json``."""
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(line) for line in found], indent=2) + "\n")
