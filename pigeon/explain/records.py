"""What was queued of one object, and what destinations hold of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Model

from pigeon.condition import condition, states_by_name
from pigeon.conf import conf
from pigeon.configuration import labels_of
from pigeon.destinations import Destination
from pigeon.models.item import ItemToPush, order_key
from pigeon.models.publication import Publication
from pigeon.models.status import Status
from pigeon.queue import clock

#: The newest items that are shown of one rule at one destination, and looked at in all.
SHOWN, LOOKED_AT = 5, 500


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the object."""

    item: int
    status: str
    action: str
    created: datetime
    attempts: int
    message: str
    next_attempt: datetime | None
    pushed: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """A file of the object that the destination holds."""

    path: str
    size: int
    published: datetime


@dataclass(slots=True)
class Place:
    """One destination of a rule: how it fares, and what it has of the object."""

    destination: str
    url: str
    condition: str
    items: list[Item] = field(default_factory=list)
    publications: list[Held] = field(default_factory=list)


class Records:
    """The object's items and publications, by rule and destination."""

    def __init__(self, model: type[Model], key: str, using: str) -> None:
        self._labels, self._key, self._using = labels_of(model), key, using
        self._states = states_by_name()
        rows = ItemToPush.objects.using(using).filter(model_label__in=self._labels, object_id=key)
        self._has_queue = using in conf.DATABASES
        self._items = list(rows.order_by("-pk")[:LOOKED_AT]) if self._has_queue else []
        self.rules = {item.rule_name for item in self._items}

    def places(self, rule: str, destinations: Mapping[str, Destination]) -> list[Place]:
        """The rule's destinations, and those that have items of it besides."""
        mine = [item for item in self._items if item.rule_name == rule]
        names = dict.fromkeys([*destinations, *(item.destination for item in mine)])
        return [self._place(rule, name, destinations.get(name), mine) for name in names]

    def _place(
        self, rule: str, name: str, known: Destination | None, items: Sequence[ItemToPush]
    ) -> Place:
        words = "it is no longer a destination of this rule"
        if known is not None:
            words = condition(known, self._states.get(name), clock(self._using))
        shown = [_item(item) for item in items if item.destination == name][:SHOWN]
        return Place(name, known.url if known else "", words, shown, self._held(rule, name))

    def _held(self, rule: str, name: str) -> list[Held]:
        if not self._has_queue:
            return []
        keys = [order_key(name, rule, label, self._key) for label in self._labels]
        rows = Publication.objects.using(self._using).filter(order_key__in=keys).order_by("path")
        return [Held(row.path, row.size, row.published_date) for row in rows]


def _item(item: ItemToPush) -> Item:
    return Item(
        item=item.pk,
        status=str(Status(item.status).label) if item.status in Status else str(item.status),
        action=item.action,
        created=item.creation_date,
        attempts=item.push_attempts,
        message=item.message,
        next_attempt=item.next_attempt_date,
        pushed=item.pushed_date,
    )
