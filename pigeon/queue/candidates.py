"""What a claim may look at: the two index ranges of items whose turn it is."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q

from pigeon.models.among import Among
from pigeon.models.chunks import chunks
from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import WAITING, Status
from pigeon.queue.coalesce import Waiting


def fresh(items: ItemQuerySet, now: datetime) -> ItemQuerySet:
    """New items that nothing holds up, in the order of the first index.

    A mass push is also held up by an earlier one that waits for another attempt. Were it not
    left out here, many of them would fill the batch for nothing.
    """
    earlier = _same_key(items).retry().filter(next_attempt_date__gt=now, pk__lt=OuterRef("pk"))
    free = _free(items).new().filter(~Q(model_label="") | ~Exists(earlier))
    return free.order_by("-priority", "id")


def due(items: ItemQuerySet, now: datetime | None) -> ItemQuerySet:
    """Items to try again by ``now`` (``None``: all), in the order of the second index."""
    again = _free(items).retry().order_by("next_attempt_date")
    return again if now is None else again.filter(next_attempt_date__lte=now)


def next_keys(items: ItemQuerySet, limit: int, now: datetime) -> list[str]:
    """Order keys of the next ``limit`` items: of each range its share of the batch.

    Of an odd batch the one left over goes to either, so that a batch of one starves neither.
    """
    again = list(due(items, now).values_list("order_key", flat=True)[:limit])
    new = list(fresh(items, now).values_list("order_key", flat=True)[:limit])
    half = (limit + random.getrandbits(1)) // 2
    again = again[: max(half, limit - len(new))]
    return list(dict.fromkeys(again + new[: limit - len(again)]))


def waiting_rows(using: str, keys: Sequence[str]) -> Iterator[Waiting]:
    """All waiting items with ``keys``."""
    waiting = ItemToPush.objects.using(using).filter(status__in=WAITING)
    for chunk in chunks(keys):
        rows = waiting.filter(Among("order_key", chunk)).values_list(*Waiting._fields)
        yield from map(Waiting._make, rows)


def _free(items: ItemQuerySet) -> ItemQuerySet:
    """Items whose order key has nothing in progress."""
    return items.filter(_FREE)


#: In words of its own, since every claim asks twice: Django takes a millisecond to find them.
_FREE = Func(
    F("order_key"),
    template=(
        f"NOT EXISTS (SELECT 1 FROM {ItemToPush._meta.db_table} other "
        f"WHERE other.order_key = %(expressions)s AND other.status = {Status.IN_PROGRESS:d})"
    ),
    output_field=BooleanField(),
)


def _same_key(items: ItemQuerySet) -> ItemQuerySet:
    return ItemToPush.objects.using(items.db).filter(order_key=OuterRef("order_key"))
