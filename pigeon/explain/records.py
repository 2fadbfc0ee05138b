"""What was queued of one object, and what destinations hold of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Model

from pigeon.condition import condition, states_by_name
from pigeon.conf import conf
from pigeon.configuration import labels_of
from pigeon.destinations import Destination
from pigeon.models.chunks import chunks
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
    """The object's items and publications, by rule and destination.

    Args:
        model: the object's model.
        key: its primary key as text.
        using: alias of its database.
        routes: rule → its destinations, for all rules.
    """

    def __init__(
        self,
        model: type[Model],
        key: str,
        using: str,
        routes: Mapping[str, Mapping[str, Destination]],
    ) -> None:
        self._labels, self._key, self._using = labels_of(model), key, using
        self._states, self._now = states_by_name(), clock(using)
        rows = ItemToPush.objects.using(using).filter(model_label__in=self._labels, object_id=key)
        rows = rows.defer("snapshot").order_by("-pk")
        self._has_queue = using in conf.DATABASES
        self._items = list(rows[:LOOKED_AT]) if self._has_queue else []
        self.rules = {item.rule_name for item in self._items}
        pairs = {(rule, name) for rule, names in routes.items() for name in names}
        pairs |= {(item.rule_name, item.destination) for item in self._items}
        self._publications = self._held(pairs) if self._has_queue else {}

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
            words = condition(known, self._states.get(name), self._now)
        shown = [_item(item) for item in items if item.destination == name][:SHOWN]
        held = self._publications.get((rule, name), [])
        return Place(name, known.url if known else "", words, shown, held)

    def _held(self, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[Held]]:
        """Rule and destination → what is there of the object; one statement for all."""
        keys = {
            order_key(name, rule, label, self._key): (rule, name)
            for rule, name in pairs
            for label in self._labels
        }
        found: dict[tuple[str, str], list[Held]] = {}
        for chunk in chunks(list(keys)):
            rows = Publication.objects.using(self._using).filter(order_key__in=chunk)
            for row in rows.order_by("path"):
                held = Held(row.path, row.size, row.published_date)
                found.setdefault(keys[row.order_key], []).append(held)
        return found


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
