"""What attempts may have left at a destination of which nobody knows how they ended."""

from __future__ import annotations

from collections.abc import Sequence

from pigeon.exceptions import ParcelDamaged
from pigeon.export import completed
from pigeon.models.chunks import chunks
from pigeon.models.item import ItemToPush
from pigeon.models.status import UNFINISHED
from pigeon.parcel import Held


def left_behind(items: Sequence[ItemToPush], using: str) -> dict[int, list[Held]]:
    """Item id → files that such attempts, at it or at what it replaces, were sending.

    A worker that was killed recorded no publication; its files may stand there all the same,
    under their final names or under temporary ones.

    Args:
        items: claimed items of one database, before they are exported.
        using: its alias.
    """
    tried = [item for item in items if item.previous_token]
    found = {item.id: _files(item) for item in tried}
    by_key = {(item.order_key, item.object_id): item for item in tried}
    for older in _replaced([key for key, _ in by_key], using):
        item = by_key.get((older.order_key, older.object_id))
        if item and set(item.previous_token.split()) & set(older.lease_token.split()):
            found[item.id] += _files(older)
    return {pk: list({each.path: each for each in files}.values()) for pk, files in found.items()}


def _replaced(keys: Sequence[str], using: str) -> list[ItemToPush]:
    rows = ItemToPush.objects.using(using).exclude(status__in=UNFINISHED).exclude(lease_token="")
    found: list[ItemToPush] = []
    for chunk in chunks(keys):
        found += rows.filter(order_key__in=chunk).select_related("parcel")
    return found


def _files(item: ItemToPush) -> list[Held]:
    if item.parcel is None:
        return []
    try:
        parcel = completed(item.parcel)  # what stands there is compared with them
    except ParcelDamaged:
        parcel = item.parcel.files()  # nothing that stands there counts as it
    return [Held(f.path, f.size, f.sha256, parcel.rendered_at) for f in parcel.files]
