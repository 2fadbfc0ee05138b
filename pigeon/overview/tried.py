"""Items by when they were tried, along the index of attempts."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max, Q, QuerySet

from pigeon.models.attempt import PushAttempt
from pigeon.models.item import ItemToPush
from pigeon.overview.query import Cursor, Page, Query

#: Attempts that one statement looks at, and such statements that one page takes.
BATCH, BATCHES = 500, 4


def tried(query: Query, title: str, *, using: str, before: Cursor | None, limit: int) -> Page:
    """Items of which an attempt began from ``query.since`` to ``query.until``.

    They come in the order of their last attempts in that time, the newest first. The arguments
    are those of :func:`pigeon.overview.ranges.queued`.
    """
    page = Page()
    for _ in range(BATCHES):
        rows = list(_older(attempts_of(query, using), before)[:BATCH])
        found = _items_of(query, title, rows, using)
        for row in rows:
            before = Cursor(row.started, row.pk)
            if row.pk in found:
                page.items.append(found[row.pk])
            if len(page.items) == limit:
                page.next = before
                return page
        if len(rows) < BATCH:
            return page
    page.next, page.searched_back_to = before, before.moment if before else None
    return page


def attempts_of(query: Query, using: str) -> QuerySet[PushAttempt]:
    """The attempts that began in the time that is asked for."""
    attempts = PushAttempt.objects.using(using).all()
    if query.destination:
        attempts = attempts.filter(destination=query.destination)
    if query.since:
        attempts = attempts.filter(started__gte=query.since)
    if query.until:
        attempts = attempts.filter(started__lt=query.until)
    return attempts


def _older(attempts: QuerySet[PushAttempt], than: Cursor | None) -> QuerySet[PushAttempt]:
    if than is not None:
        same = Q(started__lt=than.moment) | Q(pk__lt=than.id)
        attempts = attempts.filter(same, started__lte=than.moment)
    return attempts.order_by("-started", "-pk").only("started", "item_id")


def _items_of(
    query: Query, title: str, rows: list[PushAttempt], using: str
) -> dict[int, ItemToPush]:
    """Attempt id → its item, where the item is looked for and has no later attempt."""
    ids = {row.item_id for row in rows}
    items = query.narrow(ItemToPush.objects.using(using).filter(pk__in=ids)).defer("snapshot")
    if title:
        items = items.filter(title__icontains=title)
    wanted = {item.pk: item for item in items}
    again = attempts_of(query, using).filter(item_id__in=list(wanted)).order_by()
    last: dict[int, datetime] = dict(
        again.values_list("item_id").annotate(last=Max("started")).values_list("item_id", "last")
    )
    found: dict[int, ItemToPush] = {}
    for row in rows:
        if row.started == last.get(row.item_id):
            del last[row.item_id]  # two attempts of one moment
            found[row.pk] = wanted[row.item_id]
    return found
