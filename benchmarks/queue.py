"""Claim → finish of items that nobody sends, per second, on a short and on a long queue.

Prints, for SQLite and (where it is installed) PostgreSQL, the rate with 1,000 waiting rows, with
1,000,000, and with 300,000 more that are not yet due; the ratios to the first must be at
least 0.8. Options: ``--rows N`` instead of a million, ``--profile`` for where the time goes.
"""

from __future__ import annotations

import sys
from pathlib import Path

# This folder holds a queue.py, which must not be taken for the standard library's.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import PurePosixPath
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
#: Batches measured on each length; the first few only warm up.
BATCHES, WARM = 60, 5
BAR = 0.8
#: SQL that makes a digest-like text of row number ``i``.
DIGEST = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "md5(random()::text || i)"}


def main() -> int:
    arguments = _arguments()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pigeon-bench-")))
        folder.chmod(0o755)
        databases = {"default": _sqlite(folder)}
        if postgresql():
            host = stack.enter_context(run_postgresql(folder / "postgresql")).host
            databases["postgresql"] = _postgresql(host)
        else:
            print(f"PostgreSQL left out: {postgresql().reason}")
        _start_django(databases, folder)
        stack.callback(connections.close_all)
        return max([_compare(using, arguments) for using in databases])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000, help="length of the long queue")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    return parser.parse_args()


def _sqlite(folder: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "queue.sqlite3",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }


def _postgresql(host: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": "pigeon",
        "HOST": host,
    }


def _start_django(databases: dict[str, Any], folder: Path) -> None:
    settings.configure(
        DATABASES=databases,
        INSTALLED_APPS=["django.contrib.contenttypes", "pigeon"],
        SECRET_KEY="only for benchmarks",
        USE_TZ=True,
        PIGEON_OUTPUT_DIRECTORY=folder / "export",
        PIGEON_DESTINATIONS={"partner": {"URL": "dummy://partner"}},
        LOGGING_CONFIG=None,
    )
    django.setup()
    for using in databases:
        call_command("migrate", database=using, verbosity=0)


def _compare(using: str, arguments: argparse.Namespace) -> int:
    """Measure one database; 1 when a longer queue is too slow."""
    settings.PIGEON_DATABASES = [using]
    short, long = 1_000, arguments.rows
    work = _profiled if arguments.profile else _rate
    first = work(using, lambda: _fill(using, short))
    print(f"{using}: {short:>9,} waiting {first:>8,.0f} items/s", flush=True)
    _fill(using, long)
    rates = {f"{long:>9,} waiting": work(using, lambda: None)}
    _fill(using, long * 3 // 10, due=timezone.now() + timedelta(days=1))
    rates["… and 30 % more not yet due"] = work(using, lambda: None)
    for name, rate in rates.items():
        print(f"{using}: {name} {rate:>8,.0f} items/s, ratio {rate / first:.2f}", flush=True)
    return int(min(rates.values()) < BAR * first)


def _rate(using: str, refill: Callable[[], None]) -> float:
    """Items per second, by the median batch."""
    return BATCH / median(list(_seconds(using, refill))[WARM:])


def _profiled(using: str, refill: Callable[[], None]) -> float:
    with cProfile.Profile() as profile:
        rate = _rate(using, refill)
    pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    return rate


def _seconds(using: str, refill: Callable[[], None]) -> Iterator[float]:
    """How long each batch took; the queue is refilled, off the clock, when it is empty."""
    for _ in range(BATCHES):
        while not (taken := _one_batch(using)):
            refill()
        yield taken


def _one_batch(using: str) -> float:
    """Seconds of one batch from claim to finish; 0: nothing was there."""
    from pigeon.destinations import resolve
    from pigeon.queue import claim, finish

    start = time.perf_counter()
    items = claim(resolve("partner"), owner="benchmark", limit=BATCH, using=using)
    results = [_result(item) for item in items]
    finish(results, owner="benchmark", using=using)
    return time.perf_counter() - start if len(items) == BATCH else 0.0


def _result(item: Any) -> Any:
    from pigeon.models import Outcome
    from pigeon.parcel import Receipt
    from pigeon.queue import Result

    path = PurePosixPath(f"news_story_{item.object_id}.xml")
    receipt = Receipt(str(path), f"/incoming/{path}", 8192, "0" * 64, "rename", "size")
    return Result(item, Outcome.PUSHED, receipts=(receipt,), duration=0.1)


def _fill(using: str, rows: int, due: datetime | None = None) -> None:
    """Add ``rows`` waiting items in one statement: copies of one that is then removed."""
    from pigeon.models import ItemToPush, Status

    last = ItemToPush.objects.using(using).order_by("-pk").values_list("pk", flat=True).first()
    model = ItemToPush(
        rule_name="rule", destination="partner", model_label="news.Story",
        changed_fields=["title"], status=Status.RETRY if due else Status.NEW,
        next_attempt_date=due,
    )  # fmt: skip
    model.save(using=using)
    columns = [field.column for field in ItemToPush._meta.local_concrete_fields][1:]
    digest = DIGEST[connections[using].vendor]
    other = {"order_key": digest, "object_id": f"CAST(i + {last or 0} AS text)"}
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
        if connections[using].vendor == "postgresql" and rows > 10_000:
            cursor.execute(f"VACUUM ANALYZE {table}")


if __name__ == "__main__":
    sys.exit(main())
