"""Pigeon end to end, in processes of its own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.push import worker
from benchmarks.push.measure import Took


def queue(rule: str, objects: Any, destinations: Sequence[str]) -> None:
    """Queue ``objects`` for ``destinations`` only, in one transaction."""
    from django.conf import settings
    from django.db import transaction

    import pigeon
    from pigeon.registry import registry

    settings.PIGEON_PUSH_URLS = {rule: list(destinations)}
    registry.forget_destinations()
    with transaction.atomic():
        pigeon.enqueue(objects, rule)


def recorded(destinations: Sequence[str]) -> Callable[[], bool]:
    """Tells whether nothing is left to do at ``destinations``.

    Asked a hundred times a second, it costs what the worker lacks: so the query is made once.
    """
    from django.db import connection

    from pigeon.models import ItemToPush

    left = ItemToPush.objects.unfinished().filter(destination__in=destinations).values("pk")[:1]
    sql, values = left.query.sql_with_params()

    def look() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone() is None

    return look


def check_pushed(destination: str, number: int) -> None:
    """Every item arrived at the first attempt, as the queue has it."""
    from pigeon.models import ItemToPush

    items = ItemToPush.objects.filter(destination=destination)
    pushed = items.pushed().filter(push_attempts=1).count()
    if pushed != number:
        wrong = items.exclude(status=50).values_list("status", "message").first()
        raise SystemExit(f"{destination}: {pushed} of {number} were pushed; {wrong}")


def push(
    rule: str,
    objects: Any,
    destinations: Sequence[str],
    processes: int,
    warm_ups: Sequence[str],
    beside: Sequence[str] = (),
) -> Took:
    """Push ``objects`` to each of ``destinations`` by a worker that has been running.

    What goes to the destinations ``beside`` them is queued with the rest and not waited for.
    """
    with worker.worker(processes) as pid:
        _warm_up(rule, objects, processes, warm_ups)
        return worker.timed(
            pid,
            lambda: queue(rule, objects, [*beside, *destinations]),
            recorded(destinations),
        )


def _warm_up(rule: str, objects: Any, processes: int, destinations: Sequence[str]) -> None:
    """Until each process has delivered something, and so has all of its modules in memory."""
    from pigeon.models import Hold, PushAttempt

    PushAttempt.objects.all().delete()
    one = objects.order_by("pk")[:1]

    def done() -> bool:
        return PushAttempt.objects.values("worker").distinct().count() >= processes

    for _ in range(100):
        queue(rule, one, destinations)
        worker.until(recorded(destinations))
        if done():
            worker.until(lambda: not Hold.objects.exists())  # so long it has something to write
            return
        time.sleep(random.random())  # processes that look in step would always be the same first
    raise SystemExit("Not every process of the worker took part")


def push_cold(rule: str, objects: Any, destination: str, processes: int) -> Took:
    """The same by a command that is started for it, as by cron, and ends."""
    queue(rule, objects, [destination])
    return worker.cold(processes)
