"""Items in the order in which they were queued: what waits longest comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from rest_framework.exceptions import ValidationError

from pigeon.api.pages import Table
from pigeon.api.parameters import queue_of
from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import Status
from pigeon.overview.subjects import subjects_in

#: What only the search for the newest items understands.
_NEWEST_ONLY = ("text", "since", "until")


def oldest_first(asked: dict[str, Any], statuses: Sequence[int]) -> Table[ItemToPush]:
    """The items that were asked for; object, destination, rule and status are found by indexes.

    Raises:
        ValidationError: something was asked for that only goes with the newest first.
    """
    wrong = [name for name in _NEWEST_ONLY if name in asked]
    if wrong:
        raise ValidationError(
            {"ordering": f"created does not go with {' and '.join(wrong)}; leave one out."}
        )
    fields = {"destination": "destination", "rule": "rule_name"}
    wanted = {field: asked[name] for name, field in fields.items() if name in asked}
    lanes, found = _lanes(asked, statuses)
    rest = {field: value for field, value in wanted.items() if field not in found}

    def entries(item: ItemToPush) -> list[ItemToPush]:
        fits = all(getattr(item, field) == value for field, value in rest.items())
        return [item] if fits and (not statuses or item.status in statuses) else []

    dense = not rest and ("status" in found or not statuses)
    return Table(lanes, "creation_date", False, entries, dense=dense)


def _lanes(asked: dict[str, Any], statuses: Sequence[int]) -> tuple[list[ItemQuerySet], set[str]]:
    """Ranges of an index by time that hold all that was asked for, and the fields they fix."""
    items = ItemToPush.objects.using(queue_of(asked)).defer("snapshot")
    if "object" in asked:
        return [items.filter(_objects(asked["object"]))], set()
    fixed = set()
    if "destination" in asked:
        items, fixed = items.filter(destination=asked["destination"]), {"destination"}
    elif "rule" in asked and (not statuses or Status.PUSHED in statuses):
        return [items.filter(rule_name=asked["rule"])], {"rule_name"}
    if fixed and not statuses:
        return [items], fixed
    return [items.filter(status=status) for status in statuses or Status], {"status", *fixed}


def _objects(name: str) -> Q:
    rows = Q(pk__in=())
    for subject in subjects_in(name):
        rows |= Q(model_label__in=subject.labels, object_id=subject.key)
    return rows
