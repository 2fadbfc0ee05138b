"""What people change about items that are in the queue: a page of them at a time.

Each verb runs in one short transaction, beside any number of workers. Rows that somebody else
is writing are passed over and never waited for, so that neither holds the other up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from pigeon.models.item import ItemToPush, order_key
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import UNFINISHED, WAITING, Action, Status
from pigeon.queue.basics import clock


class Refusal(StrEnum):
    """Why a verb leaves an item as it is, in words that follow "it" or "they"."""

    HELD = "in progress now"
    CHANGED = "changed meanwhile"
    WAITS = "waiting for the first attempt anyway"
    FINISHED = "not waiting"
    NEWER = "older than what went, or will go, to the same place"
    EXPIRED = "expired"
    NOWHERE = "without a destination: the rule named none that works"
    THERE = "there already"


@dataclass(frozen=True, slots=True)
class Page:
    """Some items that a person has chosen, of one queue.

    Attributes:
        pks: their ids, a few hundred at most.
        using: alias of the queue's database.
        statuses: the statuses they were chosen by; an item that has another one by now is left
            as it is. Empty: they were not chosen by status.
        dry_run: change nothing, only say what would be changed.
    """

    pks: Sequence[int]
    using: str
    statuses: Collection[int] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Steered:
    """Which items a verb changed, and how many it left as they are, for which reason."""

    ids: list[int]
    refused: Mapping[Refusal, int] = field(default_factory=dict)


class _Row(NamedTuple):
    """The facts of one item that the verbs judge by, in the order of its columns."""

    pk: int
    status: int
    action: str
    destination: str
    rule_name: str
    model_label: str
    object_id: str
    order_key: str
    expires: datetime | None


_Judge = Callable[[_Row], Refusal | None]


def send_again(page: Page, *, rerender: bool = False, force: bool = False) -> Steered:
    """Let items go again: as sent (their stored parcel), or rendered anew.

    Those that wait for another attempt are due at once, with all their attempts before them.
    Unless forced, what has expired does not go again, nor, as sent, what is older than
    something that went to the same place; rendered anew, that holds for deletions only.
    """
    now = clock(page.using)
    newest = cache(lambda: _newest(page))

    def judge(row: _Row) -> Refusal | None:
        if refusal := _unfit(row):
            return refusal
        if not force and row.expires is not None and row.expires <= now:
            return Refusal.EXPIRED
        if row.status == Status.RETRY or force or (rerender and row.action != Action.DELETED):
            return None
        is_older = newest().get((row.order_key, row.object_id), 0) > row.pk
        return Refusal.NEWER if is_older else None

    def change(items: ItemQuerySet, rows: Sequence[_Row]) -> None:
        items.set_replayed(now, rerender=rerender, force=force)

    return _steer(page, judge, change)


def cancel(page: Page, message: str = "Cancelled.") -> Steered:
    """Call off items that wait."""

    def judge(row: _Row) -> Refusal | None:
        return None if row.status in WAITING else Refusal.FINISHED

    return _steer(page, judge, lambda items, rows: items.cancel(message))


def reset(page: Page) -> Steered:
    """Make items new again, as if they had never been tried; they will be rendered anew."""
    newest = cache(lambda: _newest(page))

    def judge(row: _Row) -> Refusal | None:
        if not row.destination:
            return Refusal.NOWHERE
        if row.status in WAITING or row.action != Action.DELETED:
            return None
        is_older = newest().get((row.order_key, row.object_id), 0) > row.pk
        return Refusal.NEWER if is_older else None

    return _steer(page, judge, lambda items, rows: items.reset())


def set_priority(page: Page, priority: int) -> Steered:
    """Let waiting items go earlier (a higher number) or later than others."""

    def judge(row: _Row) -> Refusal | None:
        return None if row.status in WAITING else Refusal.FINISHED

    return _steer(page, judge, lambda items, rows: items.set_new_priority(priority))


def move(page: Page, to: str, *, rerender: bool = False, force: bool = False) -> Steered:
    """Let items go to another destination instead: as they wait, or, if finished, again.

    Unless forced, what has expired stays, and so does what is older than something that went
    to the other destination, or will, for the same object.
    """
    now = clock(page.using)
    newest = cache(lambda: _newest(page, to))

    def judge(row: _Row) -> Refusal | None:
        if row.destination == to:
            return Refusal.THERE
        if not force and row.expires is not None and row.expires <= now:
            return Refusal.EXPIRED
        is_older = not force and newest().get((_key(row, to), row.object_id), 0) > row.pk
        return Refusal.NEWER if is_older else None

    def change(items: ItemQuerySet, rows: Sequence[_Row]) -> None:
        for row in rows:
            when = None if row.status == Status.NEW and not force else now
            items.filter(pk=row.pk).set_moved(to, _key(row, to), when)
        items.set_replayed(now, rerender=rerender, force=force)

    return _steer(page, judge, change)


def _unfit(row: _Row) -> Refusal | None:
    """Why an item cannot go again, whatever else holds."""
    if not row.destination:
        return Refusal.NOWHERE
    return Refusal.WAITS if row.status == Status.NEW else None


def _steer(
    page: Page, judge: _Judge, change: Callable[[ItemQuerySet, Sequence[_Row]], object]
) -> Steered:
    """Change those items of ``page`` that nobody holds and nothing speaks against."""
    with transaction.atomic(using=page.using):
        rows = _rows(page)
        refused: Counter[Refusal] = Counter()
        suitable: list[_Row] = []
        for row in rows:
            refusal = _out_of_reach(page, row) or judge(row)
            if refusal is None:
                suitable.append(row)
            else:
                refused[refusal] += 1
        refused[Refusal.HELD] += len(page.pks) - len(rows)
        ids = [row.pk for row in suitable]
        if ids and not page.dry_run:
            change(ItemToPush.objects.using(page.using).filter(pk__in=ids), suitable)
    return Steered(ids, {reason: number for reason, number in refused.items() if number})


def _rows(page: Page) -> list[_Row]:
    """The facts of the page's items, locked unless nothing is to be changed."""
    items = ItemToPush.objects.using(page.using).filter(pk__in=page.pks).order_by("pk")
    if not page.dry_run:
        items = items.select_for_update(skip_locked=True)
    return [_Row(*row) for row in items.values_list(*_Row._fields)]


def _out_of_reach(page: Page, row: _Row) -> Refusal | None:
    if row.status == Status.IN_PROGRESS:
        return Refusal.HELD
    return Refusal.CHANGED if page.statuses and row.status not in page.statuses else None


def _newest(page: Page, to: str = "") -> dict[tuple[str, str], int]:
    """Order key and object → the last item that arrived or may arrive yet.

    Mass pushes of a rule share their order key, so the object counts as well.
    """
    rows = _rows(Page(page.pks, page.using, dry_run=True))
    keys = {_key(row, to) if to else row.order_key for row in rows}
    found = (
        ItemToPush.objects.using(page.using)
        .filter(order_key__in=keys, status__in=(*UNFINISHED, Status.PUSHED))
        .filter(object_id__in={row.object_id for row in rows})
        .values_list("order_key", "object_id")
        .annotate(newest=Max("pk"))
        .order_by()
    )
    return {(key, object_id): pk for key, object_id, pk in found}


def _key(row: _Row, to: str) -> str:
    return order_key(to, row.rule_name, row.model_label, row.object_id)
