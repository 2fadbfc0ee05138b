"""Finding items: by object, file, destination, rule, status or time, on any number of rows."""

from __future__ import annotations

from dataclasses import replace

from django.db.models import Exists, OuterRef, Q

from pigeon.models.item import ItemToPush
from pigeon.overview.meaning import Meaning, meaning_of
from pigeon.overview.query import Cursor, Page, Query
from pigeon.overview.ranges import queued
from pigeon.overview.subjects import Subject, pushed_models, subject_of
from pigeon.overview.tried import attempts_of, tried

__all__ = ["Cursor", "Page", "Query", "all_ids", "find"]

#: Pages that are looked through for ids.
PAGES = 20


def find(query: Query, *, using: str, before: Cursor | None = None, limit: int = 50) -> Page:
    """A page of the items that ``query`` finds, the newest first.

    Nothing is counted, and each statement looks along a stretch of an index of limited length:
    a page may be short, or even empty, and still have a next one.

    Args:
        query: what to look for.
        using: alias of the queue's database.
        before: where the last page ended; ``None`` for the first.
        limit: items at most.
    """
    meant = meaning_of(query.object or query.text, using)
    if meant.rows is not None:
        page = _few(query, meant.rows, using=using, before=before, limit=limit)
    elif query.since or query.until:
        page = tried(query, meant.title, using=using, before=before, limit=limit)
    else:
        page = queued(query, meant.title, using=using, before=before, limit=limit)
    return replace(page, subjects=_subjects(meant, page), files=meant.files)


def all_ids(query: Query, *, using: str, limit: int) -> tuple[list[int], bool]:
    """Ids of the newest ``limit`` items that ``query`` finds, and whether those may not be all."""
    ids: list[int] = []
    before: Cursor | None = None
    for _ in range(PAGES):
        page = find(query, using=using, before=before, limit=500)
        ids += [item.pk for item in page.items]
        before = page.next
        if before is None or len(ids) > limit:
            break
    return ids[:limit], before is not None or len(ids) > limit


def _few(query: Query, rows: Q, *, using: str, before: Cursor | None, limit: int) -> Page:
    """Items of an object or a file, which an index finds and are few."""
    items = query.narrow(ItemToPush.objects.using(using).filter(rows))
    if query.since or query.until:
        items = items.filter(Exists(attempts_of(query, using).filter(item_id=OuterRef("pk"))))
    if before is not None:
        same = Q(creation_date__lt=before.moment) | Q(pk__lt=before.id)
        items = items.filter(same, creation_date__lte=before.moment)
    found = list(items.defer("snapshot").order_by("-creation_date", "-pk")[: limit + 1])
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1]
    return Page(found[:limit], Cursor(last.creation_date, last.pk))


def _subjects(meant: Meaning, page: Page) -> tuple[Subject, ...]:
    """The objects that are named, or those that have the key, or the file."""
    if meant.subjects or not (meant.key or meant.files):
        return meant.subjects
    named = [(file.model_label, file.object_id) for file in meant.files if file.model_label]
    if meant.key:
        labels = [item.model_label for item in page.items]
        labels = labels or [model._meta.label for model in pushed_models()]
        named = [(label, meant.key) for label in labels]
    return tuple(dict.fromkeys(subject_of(*each) for each in named))
