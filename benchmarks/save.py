"""What selecting costs: saves with and without rules, as ratios within one run.

Run it as ``python -m benchmarks.save`` (``--profile`` shows where the time goes). SQLite is a
file with WAL and its default ``synchronous``; PostgreSQL, where it is installed, is a server
of the benchmark's own that syncs its commits like a real one. The variants are the same model
several times, each in a table of its own; they take turns, save by save, and each figure is
the median of their ratios over many rounds, so that it means something on a busy machine.

The 20 rules look at ``modified_attrs``, as rules do, and want other fields than the one that
is saved.
"""

# ruff: noqa: E402
from __future__ import annotations

import sys
from pathlib import Path

# This folder holds a queue.py, which must not be taken for the standard library's.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

import argparse
import cProfile
import gc
import pstats
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections, models, transaction

from tests.capabilities import postgresql
from tests.servers import postgresql as server

RULES = 20
#: Rounds of one save each, and how many of them make one of the figures that the median is of.
ROUNDS, BLOCK = 3000, 100
#: Rows of the model that no rule names, and in how many portions they are saved and deleted.
ROWS, PORTIONS = 20_000, 20
Job = Callable[[], object]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pigeon-bench-")))
        folder.chmod(0o755)
        databases = {"default": _sqlite(folder)}
        if postgresql():
            server.SETTINGS.update(fsync="on", synchronous_commit="on", full_page_writes="on")
            running = stack.enter_context(server.run_postgresql(folder / "postgresql"))
            databases["postgresql"] = _postgresql(running.host)
        else:
            print("PostgreSQL is not installed and is left out", file=sys.stderr)
        _configure(databases, folder)
        kinds = _prepare(databases)
        good = [_measure(alias, kinds, arguments) for alias in databases]
        connections.close_all()
    return 0 if all(good) else 1


def _sqlite(folder: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / "db.sqlite3"),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL",
        },
    }


def _postgresql(host: str) -> dict[str, Any]:
    engine = "django.db.backends.postgresql"
    return {"ENGINE": engine, "NAME": "postgres", "USER": "pigeon", "HOST": host}


def _configure(databases: dict[str, Any], folder: Path) -> None:
    settings.configure(
        DATABASES=databases,
        PIGEON_DATABASES=list(databases),
        PIGEON_OUTPUT_DIRECTORY=folder / "export",
        PIGEON_PUSH_URLS={"wanted": ["dummy://partner"]},
        INSTALLED_APPS=["pigeon"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SECRET_KEY="only for benchmarks",
        USE_TZ=True,
    )
    django.setup()


def _story(name: str) -> type[models.Model]:
    """A model like a newsroom's; one class for each variant, as each has a table."""
    fields: dict[str, Any] = {
        "__module__": __name__,
        "title": models.CharField(max_length=200, default="A story"),
        "body": models.TextField(default="text " * 200),
        "is_online": models.BooleanField(default=True),
        "workflow_state": models.CharField(max_length=20, default="draft"),
        "updated_at": models.DateTimeField(null=True),
        "metadata": models.JSONField(default=dict),
        "Meta": type("Meta", (), {"app_label": "benchmarks"}),
    }
    return type(name, (models.Model,), fields)


def _prepare(databases: dict[str, Any]) -> dict[str, type[models.Model]]:
    from pigeon.listen import connect

    names = ("Plain", "Twin", "Unwanted", "Wanted", "Unnamed")
    kinds = {name: _story(name) for name in names}
    for alias in databases:
        call_command("migrate", database=alias, verbosity=0)
        with connections[alias].schema_editor() as editor:
            for model in kinds.values():
                editor.create_model(model)
    _register(kinds)
    connect()
    return kinds


def _register(kinds: dict[str, type[models.Model]]) -> None:
    import pigeon

    class Wanted(pigeon.DefaultConfiguration):
        models = [kinds["Wanted"]]

    pigeon.register(Wanted)

    class Picky(pigeon.DefaultConfiguration):
        models = [kinds["Unwanted"]]

        def filter_by_updates(self, instance: Any) -> bool:
            return bool({"workflow_state", "updated_at"} & set(instance.modified_attrs))

    for number in range(RULES):
        pigeon.register(type(f"Picky{number}", (Picky,), {}))


def _measure(
    alias: str, kinds: dict[str, type[models.Model]], arguments: argparse.Namespace
) -> bool:
    plain, twin, unwanted, wanted = (
        _saver(kinds[name], alias) for name in ("Plain", "Twin", "Unwanted", "Wanted")
    )
    if arguments.profile:
        _profile(alias, unwanted, wanted)
        return True
    print(alias)
    rounds = arguments.rounds
    within = {
        name: _atomic(job, alias)
        for name, job in {"plain": plain, "unwanted": unwanted, "wanted": wanted}.items()
    }
    good = [
        _report("noise: the same twice", [plain, twin], rounds),
        _report("a save that no rule wants, autocommit", [plain, unwanted], rounds, 1.05),
        _report("  the same next to a save in atomic", [within["plain"], unwanted], rounds),
        _report("  the same, both in atomic", [within["plain"], within["unwanted"]], rounds),
        _report("a save that queues an item, in atomic", [within["plain"], within["wanted"]],
                rounds, 2),
        _report("  the same under autocommit", [within["plain"], wanted], rounds, 2),
    ]  # fmt: skip
    return all(good + _unnamed(alias, kinds["Unnamed"]))


def _saver(model: Any, alias: str) -> Job:
    created = model.objects.using(alias).create()
    instance = model.objects.using(alias).get(pk=created.pk)
    bodies = [letter * 1000 for letter in "abc"]

    def save() -> None:
        instance.body = bodies[0]
        bodies.append(bodies.pop(0))
        instance.save()

    return save


def _atomic(job: Job, alias: str) -> Job:
    def within() -> None:
        with transaction.atomic(using=alias):
            job()

    return within


def _report(title: str, jobs: list[Job], rounds: int, limit: float | None = None) -> bool:
    """Print how long the jobs take, the second in relation to the first."""
    times: list[list[float]] = [[] for _ in jobs]
    for _ in range(50):
        for job in jobs:
            job()
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        for number in random.sample(range(len(jobs)), len(jobs)):
            times[number].append(_seconds(jobs[number]))
    gc.enable()
    first, second = (
        [median(series[start : start + BLOCK]) for start in range(0, rounds, BLOCK)]
        for series in times
    )
    ratio = median(b / a for a, b in zip(first, second, strict=True))
    return _say(title, median(first), median(second), ratio, limit)


def _seconds(job: Job) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def _say(title: str, first: float, second: float, ratio: float, limit: float | None) -> bool:
    good = limit is None or ratio <= limit
    verdict = "" if limit is None else f"  at most {limit:g}: {'good' if good else 'MISSED'}"
    print(f"  {title:<42}{first * 1e6:9.1f} µs{second * 1e6:9.1f} µs{ratio:8.3f}{verdict}")
    return good


def _unnamed(alias: str, model: Any) -> list[bool]:
    """Saves and deletions of a model that no rule names, with all rules and with none."""
    from pigeon.registry import registry

    saves: dict[bool, list[float]] = {True: [], False: []}
    deletions: dict[bool, list[float]] = {True: [], False: []}

    def turn(with_rules: bool) -> None:
        rows = ROWS // PORTIONS
        saves[with_rules].append(_seconds(lambda: _save_rows(model, alias, rows)))
        everything = model.objects.using(alias)
        deletions[with_rules].append(_seconds(lambda: everything.all().delete()))

    for number in range(2 * PORTIONS):
        turn(True) if number % 2 else None
        with registry.isolated():
            turn(False)
        turn(True) if not number % 2 else None
    return [
        _say(f"{what} {ROWS // PORTIONS} rows that no rule names",
             median(times[False]), median(times[True]),
             median(b / a for a, b in zip(times[False], times[True], strict=True)), 1.05)
        for what, times in (("saving", saves), ("deleting", deletions))
    ]  # fmt: skip


def _save_rows(model: Any, alias: str, rows: int) -> None:
    with transaction.atomic(using=alias):
        for _ in range(rows):
            model().save(using=alias)


def _profile(alias: str, unwanted: Job, wanted: Job) -> None:
    for name, job in (("unwanted", unwanted), ("wanted", wanted)):
        print(alias, name)
        profiler = cProfile.Profile()
        with profiler, transaction.atomic(using=alias):
            for _ in range(1000):
                job()
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    raise SystemExit(main())
