"""What people do with the queue as a whole: hasten what waits, clean away what is finished."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from pigeon.models.chunks import CHUNK, chunks
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import FIRST_ERROR, UNFINISHED, Status
from pigeon.queue.basics import clock, state_alias


def hasten(destinations: Collection[str], using: str) -> int:
    """Let waiting retries and the next probes at ``destinations`` be due; how many items.

    There may be very many: they are written in pages, so that nobody waits for them for long.
    """
    now = clock(using)
    states = DestinationState.objects.using(state_alias()).filter(name__in=destinations)
    states.unwell().set_due(now)
    rows = ItemToPush.objects.using(using).filter(destination__in=destinations).retry()
    waiting = sorted(rows.values_list("pk", flat=True))
    return sum(_set_due(pks, now, using) for pks in chunks(waiting))


def _set_due(pks: Sequence[int], now: datetime, using: str) -> int:
    """What somebody else is writing is passed over: he who waits for two may block them both."""
    rows = ItemToPush.objects.using(using).filter(pk__in=pks)
    with transaction.atomic(using=using):
        free = rows.order_by("pk").select_for_update(skip_locked=True)
        return rows.filter(pk__in=list(free.values_list("pk", flat=True))).set_due(now)


def clean(older_than: datetime, *, using: str, errors: bool = False, dry_run: bool = False) -> int:
    """Delete finished items created before ``older_than``; how many.

    Items in an error status stay until ``errors`` says otherwise, since somebody should look.
    """
    finished = Q(status__in=(Status.PUSHED, Status.SUPERSEDED, Status.CANCELLED))
    if errors:
        finished |= Q(status__gte=FIRST_ERROR)
    old = ItemToPush.objects.using(using).filter(finished, creation_date__lt=older_than)
    if dry_run:
        return old.count()
    return sum(_delete(pks, using) for pks in _pages(old))


def _delete(pks: Sequence[int], using: str) -> int:
    """Delete those that nobody has sent again meanwhile."""
    rows = ItemToPush.objects.using(using).filter(pk__in=pks)
    with transaction.atomic(using=using):
        finished = rows.exclude(status__in=UNFINISHED).lock()
        return rows.filter(pk__in=finished).delete()[1].get(ItemToPush._meta.label, 0)


def _pages(items: ItemQuerySet) -> Iterator[list[int]]:
    """Ids of ``items`` in pages, for work that deletes them on the way."""
    last = 0
    while page := list(
        items.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        yield page
        last = page[-1]
