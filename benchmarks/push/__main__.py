"""``python -m benchmarks.push``: all cases, the table, and the file."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.push import crowd, report, stage
from benchmarks.push.cases import CASES, Case
from benchmarks.push.contest import Contest
from benchmarks.push.peers import missing
from benchmarks.push.servers import available
from tests.servers.postgresql import run_postgresql


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.push", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each takes its turn")
    parser.add_argument(
        "--case", action="append", default=[], help="only cases whose names hold this text"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the files, three runs")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--processes", type=int, help="of our worker, instead of the case's")
    parser.add_argument("--connections", type=int, help="of ours, instead of the case's")
    return parser.parse_args()


def _cases(asked: argparse.Namespace) -> Iterator[Case]:
    for case in CASES:
        if asked.case and not any(text in case.name for text in asked.case):
            continue
        if reason := available(case.protocol):
            print(f"Left out: {case.name}: {reason}")
            continue
        yield replace(
            case.quick() if asked.quick and case.files else case,
            processes=asked.processes or case.processes,
            connections=asked.connections or case.connections,
        )


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[stage.Database]:
    if kind == "sqlite":
        yield stage.sqlite(folder)
        return
    with run_postgresql(folder / "postgresql") as server:
        yield stage.postgresql(server.host, server.username)


def _measure(asked: argparse.Namespace, folder: Path) -> list[report.Line]:
    found: list[report.Line] = []
    runs = 3 if asked.quick else asked.runs
    with _database(asked.database, folder) as database:
        for case in _cases(asked):
            took = Contest(case, folder, database, runs).run()
            report.print_figures(case, took)
            found += report.lines(case, took)
        if not asked.case or any(text in crowd.NAME for text in asked.case):
            stories = crowd.STORIES // 10 if asked.quick else crowd.STORIES
            found.append(crowd.run(folder, database, runs, stories))
    return found


def main() -> None:
    asked = _asked()
    # So that whoever ends it also ends the servers and workers that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    for name in missing():
        print(f"{name} is not here and is left out (benchmarks/install.sh)")
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        folder.chmod(0o755)
        found = _measure(asked, folder)
    report.print_table(found)
    report.write(found)


if __name__ == "__main__":
    main()
