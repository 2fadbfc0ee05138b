"""A site with two destinations, and who acts on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from pigeon.models import ItemToPush, Operation, OperationItem, PushAttempt
from pigeon.models.operation import Door
from pigeon.operations import By

ANN = By("ann", Door.COMMAND)
HERE, THERE = "here", "there"
DESTINATIONS = {HERE: {"URL": "dummy://here"}, THERE: {"URL": "dummy://there"}}


def at(hour: float) -> datetime:
    """That hour of the day before yesterday."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=2) + timedelta(hours=hour)


def tried(item: ItemToPush, hour: float, destination: str = HERE) -> None:
    """An attempt at ``item`` began at that hour."""
    PushAttempt.objects.using(item._state.db).create(
        item=item,
        destination=destination,
        rule_name=item.rule_name,
        started=at(hour),
        worker="worker",
        outcome="retry",
    )


def operations(alias: str) -> list[tuple[Any, ...]]:
    """Who did what to how many items, and to which."""
    found = []
    for each in Operation.objects.using(alias).order_by("pk"):
        rows = OperationItem.objects.using(alias).filter(operation=each)
        items = sorted(rows.values_list("item_id", flat=True))
        assert len(items) == each.number
        found.append((each.actor, each.verb, each.destination, items))
    return found
