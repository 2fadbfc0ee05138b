"""Parcels that exist already, and the records of new ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import OuterRef, Subquery

from pigeon.models import ItemToPush, Parcel
from pigeon.models.among import Among
from pigeon.models.bulk import change_each
from pigeon.models.parcel import of_events

#: What an event's rendering of one object belongs to: event, rule, model, object.
Key = tuple[str, str, str, str]
KEY = ("event_id", "rule_name", "model_label", "object_id")


def key_of(owner: ItemToPush | Parcel) -> Key:
    """Items with the same key share one parcel."""
    return (owner.event_id.hex, owner.rule_name, owner.model_label, owner.object_id)


def find(items: Sequence[ItemToPush]) -> dict[int, Parcel]:
    """Item id → the whole parcel that it has, or that another destination's item had made.

    Args:
        items: items of one database.
    """
    alias = items[0]._state.db or DEFAULT_DB_ALIAS
    own_ids = {item.parcel_id for item in items if item.parcel_id is not None}
    own = Parcel.objects.using(alias).in_bulk(own_ids) if own_ids else {}
    found = {item.id: own[item.parcel_id] for item in items if item.parcel_id in own}
    found = {pk: parcel for pk, parcel in found.items() if is_whole(parcel)}
    rest = [item for item in items if item.id not in found]
    shared = _shared(of_events({item.event_id for item in rest}, alias))
    return found | {
        item.id: parcel for item in rest if (parcel := _usable(item, shared)) is not None
    }


def _shared(parcels: Iterable[Parcel]) -> dict[Key, Parcel]:
    newest_last = sorted(parcels, key=lambda parcel: parcel.pk)
    return {key_of(parcel): parcel for parcel in newest_last if is_whole(parcel)}


def _usable(item: ItemToPush, shared: Mapping[Key, Parcel]) -> Parcel | None:
    """The parcel of the item's event, unless the item was asked to be rendered anew since."""
    parcel = shared.get(key_of(item))
    if parcel and item.render_after and parcel.rendered_at < item.render_after:
        return None
    return parcel


def is_whole(parcel: Parcel) -> bool:
    """Whether all files of ``parcel`` lie on our disk with the sizes that they should have.

    Their digests are compared while they are sent; of a file without one the time must be right.
    """
    described = parcel.files()
    try:
        return all(file.matches(described.local_path(file).stat()) for file in described.files)
    except OSError:
        return False


def record(items: Mapping[int, ItemToPush], parcels: Mapping[int, Parcel]) -> None:
    """Store new parcels, and which parcel each item has, unless its lease was lost.

    Args:
        items: id → item, of one database.
        parcels: item id → its parcel; those without a primary key are new.
    """
    changed = {
        pk: parcel
        for pk, parcel in parcels.items()
        if parcel.pk is None or parcel.pk != items[pk].parcel_id
    }
    if not changed:
        return
    alias = next(iter(items.values()))._state.db or DEFAULT_DB_ALIAS
    new = {id(parcel): parcel for parcel in changed.values() if parcel.pk is None}
    try:
        with transaction.atomic(using=alias):
            Parcel.objects.using(alias).keep(list(new.values()))
            _assign(alias, items, changed)
            for pk, parcel in changed.items():
                items[pk].parcel = parcel
    except BaseException:
        for parcel in new.values():
            shutil.rmtree(parcel.files().directory, ignore_errors=True)
        raise


def _assign(alias: str, items: Mapping[int, ItemToPush], parcels: Mapping[int, Parcel]) -> None:
    if connections[alias].vendor == "sqlite":
        rows = [(parcel.pk, pk, items[pk].lease_token) for pk, parcel in parcels.items()]
        change_each(ItemToPush, "parcel", rows, alias, where=("id", "lease_token"))
        return
    held = ItemToPush.objects.using(alias).filter(
        Among("pk", parcels), lease_token__in={items[pk].lease_token for pk in parcels}
    )
    # Matched by the database: a CASE of a hundred branches takes Django longer to write.
    same = {name: OuterRef(name) for name in KEY}
    mine = Parcel.objects.filter(Among("pk", {each.pk for each in parcels.values()}), **same)
    held.update(parcel_id=Subquery(mine.values("pk")[:1]))
