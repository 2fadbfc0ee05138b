"""Unsaved items of an event: one per destination of a rule."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from pigeon.configuration import DefaultConfiguration
from pigeon.decide import hook_error, item_model
from pigeon.exceptions import ItemError
from pigeon.guard import guarded
from pigeon.models.item import ItemToPush
from pigeon.models.publication import Publication
from pigeon.models.status import UNFINISHED, Action, Status
from pigeon.registry import registry
from pigeon.select.objects import MAX_KEY, key_of
from pigeon.text import storable

if TYPE_CHECKING:
    from pigeon.select.events import Event


def build_items(
    rule: DefaultConfiguration,
    event: Event,
    *,
    action: Action | None = None,
    error: ItemError | None = None,
    expires: datetime | None = None,
) -> list[ItemToPush]:
    """Items of ``event`` for ``rule``.

    What is wrong with the rule's destinations is told by an item without one.

    Args:
        rule: the rule.
        event: the change.
        action: what the partner is to do; the event's own action unless given.
        error: what a hook raised; the items then have its status and message.
        expires: when nobody wants them any more; as the rule says unless given.
    """
    model = item_model(rule, event.instance)
    key = key_of(model, event.instance)
    if len(key) > MAX_KEY:
        key, error = key[:MAX_KEY], _too_long(rule, key)
    if (action or event.action) != Action.DELETED:
        expires = expires or expiry_of(rule)
    return [
        ItemToPush(
            rule_name=rule.name,
            destination=name,
            model_label=model._meta.label_lower,
            object_id=key,
            title=event.title,
            actor=event.actor,
            event_id=event.id,
            action=action or event.action,
            changed_fields=sorted(event.changed),
            priority=rule.priority,
            status=found.status if found else Status.NEW,
            message=storable(registry.redact(str(found))) if found else "",
            expires=expires,
        )
        for name, found in _targets(rule, error)
    ]


def expiry_of(rule: DefaultConfiguration) -> datetime | None:
    """When what is queued now for ``rule`` is no longer wanted; ``None``: it always is."""
    length = rule.expires_after
    if length is None:
        return None
    return timezone.now() + (
        length if isinstance(length, timedelta) else timedelta(seconds=length)
    )


def _targets(
    rule: DefaultConfiguration, error: ItemError | None
) -> list[tuple[str, ItemError | None]]:
    """Destinations' names, each with the error of its item; an empty name has only an error."""
    names: Collection[str] = ()
    problem: ItemError | None = None
    try:
        with guarded():
            routing = registry.routing_of(rule)
        names = routing.destinations
        if routing.problems:
            problem = ItemError(" ".join(map(str, routing.problems)))
    except Exception as raised:  # noqa: BLE001 - a user's hook never breaks the save
        problem = hook_error(rule, "get_push_urls", raised)
    targets = [(name, error) for name in names]
    if problem or (error and not names):
        targets.append(("", problem or error))
    return targets


def _too_long(rule: DefaultConfiguration, key: str) -> ItemError:
    return ItemError(
        f"The primary key {key[:40]!r}… has {len(key)} characters; the queue keeps {MAX_KEY}. "
        f"Leave such objects out in filter_by_instance_type of rule {rule.name!r}."
    )


def wanted_deletions(items: Collection[ItemToPush], event: Event) -> list[ItemToPush]:
    """Those of ``items`` whose destinations hold the object or soon would, with a snapshot.

    Where the last word that waits is a deletion already, there is no need of another one: the
    deletion of a child model's object says it once for each of its tables.
    """
    for item in items:
        item.order_key = item.make_order_key()
    keys = [item.order_key for item in items]
    rows = Publication.objects.using(event.using).filter(order_key__in=keys)
    held = set(rows.values_list("order_key", flat=True))
    coming = _last_unfinished(keys, event.using)
    wanted = [
        item
        for item in items
        if item.status != Status.NEW
        or (
            item.order_key in held | coming.keys()
            and coming.get(item.order_key) != (Action.DELETED, Status.NEW)
        )
    ]
    for item in wanted:
        item.snapshot = event.snapshot
    return wanted


def _last_unfinished(keys: Collection[str], using: str) -> dict[str, tuple[str, int]]:
    """Order key → action and status of the newest unfinished item."""
    items = ItemToPush.objects.using(using).filter(order_key__in=keys, status__in=UNFINISHED)
    rows = items.order_by("pk").values_list("order_key", "action", "status")
    return {key: (action, status) for key, action, status in rows}
