"""What records of attempts and tallies cost: pushes with and without them, in turns.

The real worker delivers stories by SFTP; in every other turn it writes no attempts, no
transcripts and no tallies. Printed is the speed with them divided by the speed without, the median
of all pairs of turns, which must be at least 0.9; and the same of processor time. Once
for SQLite and (where it is installed) once for PostgreSQL. The figures are written to
``benchmarks/results/records.json``. Options: ``--runs N``, ``--files N``, ``--database NAME``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.push import ours, stage, worker
from benchmarks.push.measure import Took
from benchmarks.push.servers import Place, available, place
from tests.capabilities import postgresql
from tests.servers.postgresql import run_postgresql

BAR = 0.9
RESULTS = Path(__file__).parent / "results" / "records.json"
#: Settings of the worker that records, and of the one that does not.
WITH, WITHOUT = "benchmarks.push.settings", "benchmarks.without_records"


def main() -> int:
    arguments = _arguments()
    if reason := available("SFTP"):
        print(f"Left out: {reason}")
        return 0
    if arguments.database:
        return _measure(arguments)
    # Django knows one database for as long as a process lives.
    again = [sys.executable, "-m", "benchmarks.records", *sys.argv[1:], "--database"]
    names = ["sqlite", *(["postgresql"] if postgresql() else [])]
    RESULTS.unlink(missing_ok=True)
    return max([subprocess.run([*again, name], check=False).returncode for name in names])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7, help="how often each takes its turn")
    parser.add_argument("--files", type=int, default=2000, help="stories of one turn")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only this one")
    return parser.parse_args()


def _measure(arguments: argparse.Namespace) -> int:
    memory = Path("/dev/shm")
    with ExitStack() as stack:
        name = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        folder = Path(stack.enter_context(name))
        folder.chmod(0o755)
        database = stage.sqlite(folder)
        if arguments.database == "postgresql":
            server = stack.enter_context(run_postgresql(folder / "postgresql"))
            database = stage.postgresql(server.host, server.username)
        there = stack.enter_context(place("SFTP", folder / "server"))
        _open(folder, database, there, "warm")
        stage.prepare(folder, arguments.files)
        took: dict[str, list[Took]] = {WITH: [], WITHOUT: []}
        for turn in range(arguments.runs):
            # Whoever goes first may find the machine another; so they take turns at that, too.
            for way in (WITH, WITHOUT) if turn % 2 else (WITHOUT, WITH):
                _open(folder, database, there, "warm", f"turn{turn}")
                took[way].append(_push(way, f"turn{turn}", arguments.files))
                shutil.rmtree(there.server.root / f"turn{turn}")
    return _report(arguments, took)


def _open(folder: Path, database: stage.Database, there: Place, *names: str) -> None:
    """Make ``names`` destinations of the site, the last of which gets an empty folder."""
    there.server.folder(names[-1])
    partners = {
        name: {"URL": there.url(name), "OPTIONS": {**there.options, "connections": 2}}
        for name in names
    }
    stage.set_up(folder, database, partners)


def _push(way: str, destination: str, files: int) -> Took:
    """A push by a worker that has delivered something before."""
    from pigeon.models import Hold

    stage.forget()
    stories = stage.objects("partner")
    os.environ["DJANGO_SETTINGS_MODULE"] = way
    with worker.worker(1) as pid:
        ours.queue("partner", stories.order_by("pk")[:1], ["warm"])
        worker.until(ours.recorded(["warm"]))
        worker.until(lambda: not Hold.objects.exists())  # so long it has something to write
        took = worker.timed(
            pid,
            lambda: ours.queue("partner", stories, [destination]),
            ours.recorded([destination]),
        )
    ours.check_pushed(destination, files)
    _check_records(way, files)
    return took


def _check_records(way: str, files: int) -> None:
    """What was to be written was written, and nothing else."""
    from pigeon.models import PushAttempt

    found, wanted = PushAttempt.objects.count(), files + 1 if way == WITH else 0
    if found != wanted:
        raise SystemExit(f"{way}: {found} attempts are recorded instead of {wanted}")


def _report(arguments: argparse.Namespace, took: dict[str, list[Took]]) -> int:
    pairs = list(zip(took[WITH], took[WITHOUT], strict=True))
    ratio = median(without.wall / recorded.wall for recorded, without in pairs)
    cpu = median(without.cpu / recorded.cpu for recorded, without in pairs)
    speeds = {way: arguments.files / median(e.wall for e in each) for way, each in took.items()}
    print(
        f"{arguments.database}: {speeds[WITH]:.0f} files/s with records, "
        f"{speeds[WITHOUT]:.0f} without: ratio {ratio:.3f}, at least {BAR} "
        f"(of the worker's processor time {cpu:.3f})" + ("" if ratio >= BAR else "   MISSED"),
        flush=True,
    )
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known[arguments.database] = {
        "ratio": ratio,
        "cpu_ratio": cpu,
        "bar": BAR,
        "seconds": {way: [turn.wall for turn in each] for way, each in took.items()},
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(known, indent=2) + "\n")
    return int(ratio < BAR)


if __name__ == "__main__":
    sys.exit(main())
