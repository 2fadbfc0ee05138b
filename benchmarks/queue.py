"""Claim → finish of items that nobody sends, per second, on a short and on a long queue.

For SQLite and (where it is installed) PostgreSQL there are three queues: 1,000 waiting rows,
1,000,000, and 1,000,000 with 300,000 more that are not yet due. They are measured in turns, batch
by batch, so that whatever else the machine does slows all of them; printed are each one's rate
and its ratio to the first, which must be at least 0.8. Options: ``--rows N`` instead of a
million, ``--profile`` for where the time goes.
"""

# ruff: noqa: E402
from __future__ import annotations

import sys
from pathlib import Path

# This folder holds a queue.py, which must not be taken for the standard library's.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

import argparse
import cProfile
import pstats
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from tests.capabilities import postgresql
from tests.servers.postgresql import run_postgresql

BATCH = 100
#: Batches measured on each queue, after a few that only warm up.
BATCHES, WARM = 60, 5
SHORT = 1_000
#: Key of the first object; the others have as many digits.
FIRST = "1000000"
BAR = 0.8
#: The three queues of a vendor; each is a database, whose alias ends so.
LENGTHS = ("short", "long", "later")


def main() -> int:
    arguments = _arguments()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pigeon-bench-")))
        folder.chmod(0o755)
        databases = {f"sqlite-{length}": _sqlite(folder, length) for length in LENGTHS}
        if postgresql():
            host = stack.enter_context(run_postgresql(folder / "postgresql")).host
            databases |= {f"postgresql-{length}": _postgresql(host, length) for length in LENGTHS}
        else:
            print(f"PostgreSQL left out: {postgresql().reason}")
        _start_django(databases, folder)
        stack.callback(connections.close_all)
        vendors = dict.fromkeys(name.split("-")[0] for name in databases)
        return max([_compare(vendor, arguments) for vendor in vendors])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="length of the long queue")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    return parser.parse_args()


# The queues


def _sqlite(folder: Path, length: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / f"{length}.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }


def _postgresql(host: str, length: str) -> dict[str, Any]:
    # The database that is always there is the short queue; the others are made of it.
    name = "postgres" if length == "short" else length
    engine = "django.db.backends.postgresql"
    return {"ENGINE": engine, "NAME": name, "USER": "pigeon", "HOST": host}


def _start_django(databases: dict[str, Any], folder: Path) -> None:
    settings.configure(
        DATABASES={"default": {}} | databases,
        INSTALLED_APPS=["django.contrib.contenttypes", "pigeon"],
        SECRET_KEY="only for benchmarks",
        USE_TZ=True,
        PIGEON_OUTPUT_DIRECTORY=folder / "export",
        PIGEON_DESTINATIONS={"partner": {"URL": "dummy://partner"}},
        LOGGING_CONFIG=None,
    )
    django.setup()


def _set_up(vendor: str, rows: int) -> None:
    short, long, later = (f"{vendor}-{length}" for length in LENGTHS)
    call_command("migrate", database=short, verbosity=0)
    _copy(short, long)
    _fill(long, rows)
    _copy(long, later)
    _fill(later, rows * 3 // 10, due=timezone.now() + timedelta(days=1))
    _fill(short, SHORT)


def _copy(source: str, target: str) -> None:
    """Make ``target`` a copy of ``source``, whose connection ends."""
    names = [connections[alias].settings_dict["NAME"] for alias in (source, target)]
    if connections[source].vendor == "sqlite":
        connections[source].close()
        shutil.copyfile(*names)
        return
    connections[source].close()
    with connections[source]._nodb_cursor() as cursor:
        cursor.execute('CREATE DATABASE "{1}" TEMPLATE "{0}"'.format(*names))


def _fill(using: str, rows: int, due: datetime | None = None) -> None:
    """Add ``rows`` waiting items in one statement: copies of one that is then removed."""
    from pigeon.models import ItemToPush, Status

    model = ItemToPush(
        rule_name="rule", destination="partner", model_label="news.Story", object_id=FIRST,
        changed_fields=["title"], status=Status.RETRY if due else Status.NEW,
        next_attempt_date=due,
    )  # fmt: skip
    model.save(using=using)
    columns = [field.column for field in ItemToPush._meta.local_concrete_fields][1:]
    number = f"CAST(i + {int(FIRST) + model.pk} AS text)"
    rule = model.order_key.removesuffix(FIRST)
    other = {"object_id": number, "order_key": f"'{rule}:' || {number}"}
    table = ItemToPush._meta.db_table
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE numbers(i) AS "
            f"(SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {rows}) "
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(other.get(name, name) for name in columns)} "
            f"FROM numbers, {table} WHERE {table}.id = %s",
            [model.pk],
        )
        model.delete(using=using)
        if connections[using].vendor == "postgresql":
            cursor.execute(f"VACUUM ANALYZE {table}")  # as autovacuum would have, long before


# The measurement


def _compare(vendor: str, arguments: argparse.Namespace) -> int:
    """Measure the queues of one vendor in turns; 1 when a longer one is too slow."""
    _set_up(vendor, arguments.rows)
    times: dict[str, list[float]] = {length: [] for length in LENGTHS}
    with _profiling() if arguments.profile else nullcontext():
        for _ in range(WARM + BATCHES):
            for length, seen in times.items():
                seen.append(_one_batch(f"{vendor}-{length}"))
    measured = {length: seen[WARM:] for length, seen in times.items()}
    return max([_show(vendor, length, measured, arguments.rows) for length in LENGTHS])


def _show(vendor: str, length: str, times: dict[str, list[float]], rows: int) -> int:
    ratio = median(a / b for a, b in zip(times["short"], times[length], strict=True))
    name = {
        "short": f"{SHORT:,} waiting",
        "long": f"{rows:,} waiting",
        "later": f"{rows:,} waiting, {rows * 3 // 10:,} not yet due",
    }[length]
    rate = BATCH / median(times[length])
    print(f"{vendor}: {name:<40} {rate:>7,.0f} items/s  ratio {ratio:.2f}", flush=True)
    return int(ratio < BAR)


@contextmanager
def _profiling() -> Iterator[None]:
    with cProfile.Profile() as profile:
        yield
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)


def _one_batch(using: str) -> float:
    """Seconds of one batch from claim to finish; the queue is filled again off the clock."""
    from pigeon.destinations import resolve
    from pigeon.queue import claim, finish, has_work

    settings.PIGEON_DATABASES = [using]
    if not has_work("partner", using):
        _fill(using, SHORT)
    start = time.perf_counter()
    items = claim(resolve("partner"), owner="benchmark", limit=BATCH, using=using)
    finish([_result(item) for item in items], owner="benchmark", using=using)
    taken = time.perf_counter() - start
    assert len(items) == BATCH, f"{len(items)} items claimed instead of {BATCH}"
    return taken


def _result(item: Any) -> Any:
    from pigeon.models import Outcome
    from pigeon.parcel import Receipt
    from pigeon.queue import Result

    path = f"news_story_{item.object_id}.xml"
    receipt = Receipt(path, f"/incoming/{path}", 8192, "0" * 64, "rename", "size")
    return Result(item, Outcome.PUSHED, receipts=(receipt,), duration=0.1)


if __name__ == "__main__":
    sys.exit(main())
