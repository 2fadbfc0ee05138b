"""One case: everybody in turns, each into a folder of its own, which is then looked at."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.push import alone, ours, stage
from benchmarks.push.cases import Case
from benchmarks.push.measure import Took, run_here
from benchmarks.push.peers import Peer, peers
from benchmarks.push.servers import Place, place

PIGEON, COLD, SENDER = "pigeon", "pigeon, with its start", "sender alone"
#: All that Pigeon does but sending: claims, rendering, the engine, records.
QUEUE = "queue alone"
#: What Pigeon does with a large file and no peer does: nothing is recorded before that.
DIGEST = "its SHA-256 alone"
OURS = (PIGEON, COLD, SENDER, QUEUE, DIGEST)


class Incomplete(Exception):
    """Not everything arrived whole."""


class Contest:
    """The runs of one case.

    Args:
        case: the case.
        folder: of the site.
        database: of the site, as Django's settings have it.
        runs: how often each takes its turn.
    """

    def __init__(self, case: Case, folder: Path, database: stage.Database, runs: int) -> None:
        self.case, self.folder, self.database, self.runs = case, folder, database, runs

    def run(self) -> dict[str, list[Took]]:
        """Name of the tool → what each of its runs took; ours first."""
        server = Path(tempfile.mkdtemp(dir=self.folder))
        server.chmod(0o755)
        with place(self.case.protocol, server / "server", self.case.delay) as there:
            self._set_up(there)
            scratch = self.folder / "scratch"
            scratch.mkdir(exist_ok=True)
            far = bool(self.case.delay)
            ways = self._ways(list(peers(there.server, scratch, there.ca_file, is_far=far)))
            took: dict[str, list[Took]] = {name: [] for name in ways}
            for turn in range(self.runs):
                self._open(there, f"turn{turn}")
                for name in list(ways):
                    try:
                        took[name].append(self._turn(there, ways[name], f"turn{turn}"))
                    except (subprocess.CalledProcessError, Incomplete) as error:
                        if name in OURS:
                            raise
                        print(f"Left out of {self.case.name}: {name} failed ({_short(error)})")
                        del ways[name], took[name]
                        shutil.rmtree(there.server.root / f"turn{turn}")
                if not self.case.files:
                    took.setdefault(DIGEST, []).append(self._digest())
                elif not self.case.delay:
                    took.setdefault(QUEUE, []).append(self._queue())
            shutil.rmtree(self.ready)
        return took

    def _set_up(self, there: Place) -> None:
        self.warm_ups = [f"warm{number}" for number in range(2 * self.case.processes)]
        for name in self.warm_ups:
            there.server.folder(name)
        self._open(there, "turn0")
        self.ready = stage.prepare(self.folder, self.case.files)

    def _open(self, there: Place, name: str) -> None:
        """Make ``name`` a destination of the site, in place of the last turn's."""
        self._name_destinations(name, there.url, there.options)

    def _name_destinations(
        self, name: str, url: Callable[[str], str], options: dict[str, Any]
    ) -> None:
        options = {**options, "connections": self.case.connections}
        names = [name, *self.warm_ups]
        stage.set_up(
            self.folder,
            self.database,
            {each: {"URL": url(each), "OPTIONS": options} for each in names},
        )

    def _ways(self, rivals: list[Peer]) -> dict[str, Callable[[str], Took]]:
        case, objects = self.case, stage.objects(self.case.rule)
        found: dict[str, Callable[[str], Took]] = {
            PIGEON: lambda name: ours.push(
                case.rule, objects, [name], case.processes, self.warm_ups
            ),
            SENDER: lambda name: alone.send(name, case.files or 1),
            COLD: lambda name: ours.push_cold(case.rule, objects, name, case.processes),
        }
        return found | {each.name: _put(each, self.ready) for each in rivals}

    def _queue(self) -> Took:
        case, name = self.case, "nobody"
        self._name_destinations(name, lambda each: f"dummy://{each}", {})
        stage.forget()
        objects = stage.objects(case.rule)
        took = ours.push(case.rule, objects, [name], case.processes, self.warm_ups)
        ours.check_pushed(name, case.files)
        return took

    def _digest(self) -> Took:
        def hashed() -> None:
            for _, path in _files(self.ready):
                with path.open("rb") as file:
                    hashlib.file_digest(file, "sha256")

        return run_here(hashed)

    def _turn(self, there: Place, put: Callable[[str], Took], name: str) -> Took:
        target = there.server.folder(name)
        stage.forget()
        took = put(name)
        self._check(target)
        shutil.rmtree(target)
        return took

    def _check(self, target: Path) -> None:
        """Everything arrived whole, and nothing else."""
        ready, there = dict(_files(self.ready)), dict(_files(target))
        if ready.keys() != there.keys():
            raise Incomplete(f"{len(there)} of {len(ready)} files arrived")
        if wrong := [name for name in ready if not _same(ready[name], there[name])]:
            raise Incomplete(f"{wrong[0]} arrived damaged")


def _short(error: Exception) -> str:
    """Without the command, which may hold a password."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"status {error.returncode}"
    return str(error)


def _put(peer: Peer, ready: Path) -> Callable[[str], Took]:
    return lambda name: peer.put(ready, name)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for entry in os.scandir(folder):
        yield entry.name, Path(entry.path)


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while piece := first.read(1 << 20):
            if piece != second.read(1 << 20):
                return False
        return not second.read(1)
