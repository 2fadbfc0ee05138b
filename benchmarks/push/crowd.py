"""20 destinations of which 5 hang and 5 refuse: what the others lose by them."""

from __future__ import annotations

import shutil
import socket
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.push import ours, stage
from benchmarks.push.measure import Took, figure
from benchmarks.push.report import Line
from benchmarks.push.servers import Place, place
from tests.servers.process import free_port

NAME, BAR = "20 destinations, 5 hang, 5 refuse", 0.95
GOOD, HANGING, REFUSING = 10, 5, 5
#: Stories that each destination gets. What a bad destination costs is the same for few and for
#: many, so few would show how long a start is, not how fast the others are.
STORIES = 1000
#: Turns for each run that is asked for: machines have ups and downs that are larger than the bar.
TURNS = 2


@contextmanager
def _silence() -> Iterator[int]:
    """The port of somebody who takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        yield listening.getsockname()[1]


def run(folder: Path, database: stage.Database, runs: int, stories: int = STORIES) -> Line:
    """The good ones' speed beside the bad ones, and without, in pairs of turns."""
    with place("SFTP", folder / "server-crowd") as there, _silence() as silent:
        good = [f"good{number}" for number in range(GOOD)]
        bad = _bad(there, silent)
        # All are on one server, which they share: a connection for each.
        options = {**there.options, "connections": GOOD}
        sites = {name: {"URL": there.url(name), "OPTIONS": options} for name in good}
        sites["warm-up"] = {"URL": there.url("warm-up"), "OPTIONS": there.options}
        there.server.folder("warm-up")
        stage.set_up(folder, database, sites | bad)
        ready = stage.prepare(folder, stories)
        alone: list[Took] = []
        beside: list[Took] = []
        for number in range(runs * TURNS):
            # In changing order: a machine that becomes slower or faster favours neither.
            for others, took in [([], alone), (list(bad), beside)][:: 1 if number % 2 else -1]:
                took.append(_turn(there, good, others))
        shutil.rmtree(ready)
    with_them, without = figure(beside), figure(alone)
    total, turns = GOOD * stories, len(alone)
    mine, peer = total / with_them.wall, total / without.wall
    # Two turns, one right after the other, had the same machine; the median of all had many.
    ratio = statistics.median(
        one.wall / other.wall for one, other in zip(alone, beside, strict=True)
    )
    each = 1000 * (with_them.cpu - without.cpu) / (HANGING + REFUSING)
    print(
        f"\n{NAME}: the good ones {mine:.0f} files/s, without the bad ones {peer:.0f} files/s; "
        f"a bad one costs {each:.0f} ms of CPU ({turns} pairs of runs, medians)"
    )
    return Line(NAME, round(ratio, 3), BAR, mine, peer, "without the bad ones", turns)


def _bad(there: Place, silent: int) -> dict[str, Any]:
    """Destinations whose servers hang or refuse, each with an endpoint of its own."""
    found = {}
    for number in range(HANGING + REFUSING):
        port = silent if number < HANGING else free_port()
        url = f"sftp://user{number}@127.0.0.1:{port}/incoming"
        found[f"bad{number}"] = {"URL": url, "OPTIONS": there.options}
    return found


def _turn(there: Place, good: list[str], bad: list[str]) -> Took:
    targets = [there.server.folder(name) for name in good]
    stage.forget()
    took = ours.push("partner", stage.objects("partner"), good, 1, ["warm-up"], beside=bad)
    for name, target in zip(good, targets, strict=True):
        ours.check_pushed(name, len(list(target.iterdir())))
        shutil.rmtree(target)
    return took
