"""What people do with finished items: send them again, or clean them away."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from pigeon.models.chunks import CHUNK, chunks
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import FIRST_ERROR, UNFINISHED, Status
from pigeon.queue.basics import clock, state_alias


@dataclass(frozen=True, slots=True)
class Replay:
    """How many items go again, and how many were refused because something newer went."""

    replayed: int
    refused: int


def replay(items: ItemQuerySet, *, rerender: bool = False, force: bool = False) -> Replay:
    """Send finished items again: as sent (their stored parcel), or rendered anew.

    As sent, an item is refused when something newer went to the same place, unless forced.
    """
    finished = items.exclude(status__in=UNFINISHED)
    now = clock(items.db)
    if rerender:
        return Replay(finished.set_replayed(now, rerender=True, force=False), 0)
    if not force:
        total, finished = finished.count(), finished.filter(~Exists(_newer(items.db)))
    pks = list(finished.values_list("pk", flat=True))
    rows = ItemToPush.objects.using(items.db)
    done = sum(
        rows.filter(pk__in=chunk).set_replayed(now, rerender=False, force=force)
        for chunk in chunks(pks)
    )
    return Replay(done, 0 if force else total - len(pks))


def _newer(using: str) -> ItemQuerySet:
    """Later items for the same thing that arrived or may arrive yet."""
    return ItemToPush.objects.using(using).filter(
        order_key=OuterRef("order_key"),
        object_id=OuterRef("object_id"),  # mass pushes of a rule share their order key
        status__in=(*UNFINISHED, Status.PUSHED),
        pk__gt=OuterRef("pk"),
    )


def hasten(destinations: Collection[str], using: str) -> int:
    """Let waiting retries and the next probes at ``destinations`` be due; how many items."""
    now = clock(using)
    states = DestinationState.objects.using(state_alias()).filter(name__in=destinations)
    states.unwell().set_due(now)
    return ItemToPush.objects.using(using).filter(destination__in=destinations).set_due(now)


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
