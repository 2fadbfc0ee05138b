"""Items by when they were queued, along indexes, a bounded stretch at a time.

Each lane is a range of an index that ends with the date. Where an index does not answer all of
a question, the lanes are looked through in windows of so many rows, so that a rare thing among
a million costs some short statements, not a long one.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections
from django.db.models import Q

from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import Status
from pigeon.overview.query import Cursor, Page, Query

#: Rows that one statement looks through: of the whole queue, where they lie side by side, and of
#: each lane of a part of it, where each may lie on a page of its own.
WINDOW, SCATTERED = 10_000, 2_500
#: Windows that one page takes.
WINDOWS = 3


def queued(query: Query, title: str, *, using: str, before: Cursor | None, limit: int) -> Page:
    """The newest ``limit`` items that ``query`` finds, without its times and its text.

    Args:
        query: what to look for.
        title: a part of the items' titles.
        using: alias of the queue's database.
        before: where the last page ended.
        limit: items at most.
    """
    lanes, rest = _lanes(query, using)
    if title:
        rest &= Q(title__icontains=title)
    is_part = bool(query.destination or query.rule or query.statuses)
    size = SCATTERED if is_part else WINDOW
    found: list[Cursor] = []
    for _ in range(WINDOWS):
        end = _end([_older(lane, before) for lane in lanes], size, using) if rest else None
        found += _hits(lanes, rest, before, end, limit + 1 - len(found), using)
        before = end
        if end is None or len(found) > limit:
            break
    if len(found) > limit:
        return Page(_items(found[:limit], using), found[limit - 1])
    return Page(_items(found, using), before, before.moment if before else None)


def _lanes(query: Query, using: str) -> tuple[list[ItemQuerySet], Q]:
    """Ranges of an index that hold all that is looked for, and what they leave to ask."""
    items = ItemToPush.objects.using(using).all()
    if query.rule and not query.destination and _is_common(query.statuses):
        asked = Q(status__in=query.statuses) if query.statuses else Q()
        return [items.filter(rule_name=query.rule)], asked
    if query.destination:
        items = items.filter(destination=query.destination)
    rest = Q(rule_name=query.rule) if query.rule else Q()
    return [items.filter(status=status) for status in query.statuses] or [items], rest


def _is_common(statuses: Sequence[int]) -> bool:
    """Whether most items have one of ``statuses``, so that another index is better."""
    return not statuses or Status.PUSHED in statuses


def _older(lane: ItemQuerySet, than: Cursor | None) -> ItemQuerySet:
    if than is None:
        return lane
    # Databases take only what is outside the OR for the range of an index.
    same = Q(creation_date__lt=than.moment) | Q(pk__lt=than.id)
    return lane.filter(same, creation_date__lte=than.moment)


def _end(lanes: Sequence[ItemQuerySet], size: int, using: str) -> Cursor | None:
    """Where a window of ``size`` rows ends; ``None``: it holds all that is left."""
    ends = _merged(lanes, size - 1, 1, using)
    return ends[0] if ends else None


def _hits(
    lanes: Sequence[ItemQuerySet],
    rest: Q,
    before: Cursor | None,
    end: Cursor | None,
    limit: int,
    using: str,
) -> list[Cursor]:
    window = [_older(lane, before).filter(rest) for lane in lanes]
    if end is None:
        return _merged(window, 0, limit, using)
    window = [lane.filter(creation_date__gte=end.moment) for lane in window]
    return [hit for hit in _merged(window, 0, limit, using) if hit >= end]


def _merged(lanes: Sequence[ItemQuerySet], start: int, number: int, using: str) -> list[Cursor]:
    """Of each lane the ``number`` newest from ``start`` on; of them all the newest."""
    rows = [lane.order_by("-creation_date", "-pk")[start : start + number] for lane in lanes]
    if len(rows) > 1 and not connections[using].features.supports_slicing_ordering_in_compound:
        # SQLite joins only parts that are not cut themselves.
        every = ItemToPush.objects.using(using)
        rows = [every.filter(pk__in=row.values("pk")).order_by() for row in rows]
    parts = [row.values_list("creation_date", "pk") for row in rows]
    joined = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return sorted((Cursor(*row) for row in joined), reverse=True)[:number]


def _items(found: Sequence[Cursor], using: str) -> list[ItemToPush]:
    rows = ItemToPush.objects.using(using).defer("snapshot").in_bulk([hit.id for hit in found])
    return [rows[hit.id] for hit in found if hit.id in rows]
