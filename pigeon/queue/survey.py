"""What waits, and for how long: looks along indexes, quick however long the queue is.

Nothing here takes a lock or changes anything.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.db.models import Q

from pigeon.models.chunks import chunks
from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import FIRST_ERROR, WAITING, Status
from pigeon.queue import joined
from pigeon.queue.basics import clock
from pigeon.queue.candidates import due, next_keys, waiting_rows
from pigeon.queue.coalesce import choose
from pigeon.queue.shared import once

#: Counting stops here; a result of this means "so many or more".
COUNTED = 10_000
#: What the age of a waiting item depends on.
AGE = ("creation_date", "status", "push_attempts", "next_attempt_date", "render_after")


@once
def destinations_in_use(using: str) -> list[str]:
    """Names of the destinations of all items in the queue: one look into an index per name."""
    quote = connections[using].ops.quote_name
    table, column = quote(ItemToPush._meta.db_table), quote("destination")
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE names(name) AS (SELECT MIN({column}) FROM {table} UNION ALL "
            f"SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > names.name) FROM names "
            "WHERE names.name IS NOT NULL) SELECT name FROM names WHERE name IS NOT NULL"
        )
        return [name for (name,) in cursor.fetchall()]


def count_waiting(destination: str, using: str) -> int:
    """How many items wait for ``destination``, at most :data:`COUNTED`."""
    return _count(_items(destination, using).waiting())


def count_failed(using: str, since: datetime, lookback: timedelta) -> int:
    """How many items ended in an error after ``since``, at most :data:`COUNTED`.

    Args:
        using: alias of the queue's database.
        since: aware datetime.
        lookback: how long before that an item may have been queued to be counted.
    """
    recent = Q(last_push_attempts_date__gte=since)
    recent |= Q(last_push_attempts_date=None, creation_date__gte=since)
    rows = ItemToPush.objects.using(using).filter(recent, creation_date__gte=since - lookback)
    errors = [status for status in Status if status >= FIRST_ERROR]
    found = joined.counts([rows.filter(status=status)[:COUNTED] for status in errors], using)
    return min(COUNTED, sum(found))


@once
def abandoned(using: str, now: datetime) -> list[tuple[str, datetime]]:
    """Destination and age of items whose worker let its lease end, at most :data:`COUNTED`."""
    items = ItemToPush.objects.using(using).lease_ended(now).order_by("creation_date")
    return list(items.values_list("destination", "creation_date")[:COUNTED])


def next_items(
    destination: str, *, limit: int, using: str, rules: Collection[str] = ()
) -> list[ItemToPush]:
    """What claims would take now, in their order, were the destination open."""
    now = clock(using)
    keys = next_keys(destination, limit, now, using, rules)
    choice = choose(waiting_rows(using, keys), now)
    taken = _fetch(choice.taken, using)
    return sorted(taken, key=lambda item: (-item.priority, item.pk))


def not_yet_due(
    destination: str, *, limit: int, using: str, rules: Collection[str] = ()
) -> list[ItemToPush]:
    """Items that wait for another attempt, the next one first."""
    items, now = _scope(destination, using, rules), clock(using)
    return list(due(items, None).filter(next_attempt_date__gt=now)[:limit])


def in_progress(
    destination: str, *, limit: int, using: str, rules: Collection[str] = ()
) -> list[ItemToPush]:
    """Items that workers hold."""
    return list(_scope(destination, using, rules).in_progress().order_by("pk")[:limit])


def _scope(destination: str, using: str, rules: Collection[str]) -> ItemQuerySet:
    items = _items(destination, using)
    return items.filter(rule_name__in=rules) if rules else items


def _items(destination: str, using: str) -> ItemQuerySet:
    return ItemToPush.objects.using(using).filter(destination=destination)


def _fetch(pks: Sequence[int], using: str) -> list[ItemToPush]:
    rows = ItemToPush.objects.using(using)
    return [item for chunk in chunks(pks) for item in rows.filter(pk__in=chunk)]


def _count(items: ItemQuerySet) -> int:
    return items[:COUNTED].count()


def waits_since(item: Any) -> datetime:
    """Since when ``item``, or a row of its columns, waits.

    A replay has no attempt yet and was due when it was asked.
    """
    dates: list[datetime] = [item.creation_date]
    if item.push_attempts == 0 and item.status in WAITING:
        dates += [date for date in (item.render_after, item.next_attempt_date) if date]
    return max(dates)
