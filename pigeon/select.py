"""From a save, a deletion or an m2m change, by the rules, to items in the queue."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.core import serializers
from django.db.models import Model, QuerySet

from pigeon import queue, tracking
from pigeon.conf import conf
from pigeon.configuration import DefaultConfiguration, MassPusherConfiguration
from pigeon.decide import SELECTED, Decision, accepts_type, decide, hooks_for, item_model
from pigeon.exceptions import ConfigurationError, ItemError
from pigeon.guard import guarded
from pigeon.models.item import ItemToPush
from pigeon.models.publication import Publication
from pigeon.models.status import UNFINISHED, Action, Status
from pigeon.registry import registry

logger = logging.getLogger("pigeon.select")

#: Rows that ``enqueue`` holds in memory at a time.
PAGE = 1000


@dataclass(frozen=True)
class Event:
    """One change of one object; all items that come of it share ``id``.

    Attributes:
        instance: the object.
        action: what happened to it.
        using: alias of the database in which it happened, and whose queue gets the items.
        tracked: whether the instance knows which of its fields changed.
    """

    instance: Model
    action: Action
    using: str
    tracked: bool = False
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    @cached_property
    def changed(self) -> Collection[str]:
        """Names of the changed fields; found out only when somebody asks."""
        return tracking.modified_fields(self.instance) if self.tracked else ()


def has_queue(using: str) -> bool:
    """Whether the database ``using`` has a queue; says so in the log when it has not."""
    if using in conf.DATABASES:
        return True
    logger.error(
        "A change in database %r was not queued: add it to PIGEON_DATABASES and migrate it.", using
    )
    return False


def select(rules: Collection[DefaultConfiguration], event: Event) -> list[ItemToPush]:
    """Queue ``event`` wherever ``rules`` say, in the present transaction."""
    items = [item for rule in rules for item in _items_by(rule, event)]
    if items:
        queue.add(items, event.using)
    return items


def _items_by(rule: DefaultConfiguration, event: Event) -> Iterator[ItemToPush]:
    if event.action == Action.DELETED:
        if rule.push_deletions and accepts_type(rule, event.instance):
            yield from _deletions(rule, event)
        return
    created = event.action == Action.CREATED
    decision = decide(rule, event.instance, created=created, changed=lambda: event.changed)
    if decision.selected:
        decision = _after_selection(rule, event.instance)
    if decision.selected or decision.error is not None:
        yield from build_items(rule, event, error=decision.error)
    elif rule.push_withdrawals and _is_withdrawn(rule, event.instance, decision):
        yield from _deletions(rule, replace(event, action=Action.DELETED))


def _after_selection(rule: DefaultConfiguration, instance: Model) -> Decision:
    try:
        with guarded():
            hooks = hooks_for(rule, instance)
            if hooks is not None:
                hooks.post_select(instance)
    except Exception as error:  # noqa: BLE001 - a user's hook never breaks the save
        text = f"post_select of rule {rule.name!r} raised {type(error).__name__}: {error}"
        return Decision(False, error=ItemError(text))
    return SELECTED


def _is_withdrawn(rule: DefaultConfiguration, instance: Model, decision: Decision) -> bool:
    """Whether the object's present state is refused, whichever filter spoke first."""
    if decision.refused_by in ("filter_by_updates", "tracked_fields"):
        decision = decide(rule, instance, created=True, changed=frozenset)
    return decision.refused_by == "filter_by_state"


def _deletions(rule: DefaultConfiguration, event: Event) -> Iterator[ItemToPush]:
    """Items for those destinations that hold the object, or soon would."""
    for item in build_items(rule, event):
        key = item.order_key = item.make_order_key()
        held = Publication.objects.using(event.using).filter(order_key=key)
        coming = ItemToPush.objects.using(event.using).filter(order_key=key, status__in=UNFINISHED)
        if held.exists() or coming.exists():
            item.snapshot = snapshot(event.instance)
            yield item


def build_items(
    rule: DefaultConfiguration, event: Event, *, error: ItemError | None = None
) -> list[ItemToPush]:
    """Unsaved items of ``event``, one per destination of ``rule``."""
    try:
        names: Collection[str] = registry.destinations_of(rule)
    except ConfigurationError as broken:
        names, error = [""], ItemError(str(broken))
    model = item_model(rule, event.instance)
    return [
        ItemToPush(
            rule_name=rule.name,
            destination=name,
            model_label=model._meta.label_lower,
            object_id=key_of(model, event.instance),
            title=title_of(event.instance),
            event_id=event.id,
            action=event.action,
            changed_fields=sorted(event.changed),
            priority=rule.priority,
            status=error.status if error else Status.NEW,
            message=str(error) if error else "",
        )
        for name in names
    ]


def key_of(model: type[Model], instance: Model) -> str:
    """The primary key of ``instance`` under ``model`` as text."""
    key = model._meta.pk
    assert key is not None
    return str(key.value_to_string(instance))


def title_of(instance: Model) -> str:
    """The object's name for people; a failing ``__str__`` must not break a save."""
    try:
        with guarded():
            return str(instance)[:255].replace("\0", "")
    except Exception:  # noqa: BLE001 - see above
        return f"{instance._meta.verbose_name} {instance.pk}"[:255]


def snapshot(instance: Model) -> Any:
    """The object's fields, JSON-ready, for rendering after it is gone."""
    return json.loads(serializers.serialize("json", [instance]))


# Without a save


def add_item_to_push(
    instance: Model, rule: DefaultConfiguration | str, *, using: str | None = None
) -> list[ItemToPush]:
    """Queue ``instance`` for ``rule`` at all its destinations, without asking its filters.

    Raises:
        NotRegistered: there is no such rule.
    """
    found = _rule(rule)
    alias = using or instance._state.db or conf.DATABASES[0]
    items = build_items(found, Event(instance, Action.UPDATED, alias))
    queue.add(items, alias)
    return items


def enqueue(queryset: QuerySet[Any], rule: DefaultConfiguration | str) -> int:
    """Queue every object of ``queryset`` that the filters of ``rule`` accept.

    This is how to say what bypasses ``save()``: ``update()``, ``bulk_create()``, raw SQL.
    ``filter_by_updates`` is not asked. Rows are read and queued in pages of 1,000, so that
    memory stays flat; each page is committed by itself unless a transaction is open.

    Returns:
        The number of items that were queued.

    Raises:
        NotRegistered: there is no such rule.
    """
    found = _rule(rule)
    if not has_queue(queryset.db):
        raise ConfigurationError(f"PIGEON_DATABASES does not name {queryset.db!r}.")
    total = 0
    for page in _pages(queryset):
        items = [item for instance in page for item in _accepted(found, instance, queryset.db)]
        queue.add(items, queryset.db)
        total += len(items)
    return total


def _accepted(rule: DefaultConfiguration, instance: Model, using: str) -> list[ItemToPush]:
    decision = decide(rule, instance, created=True, changed=frozenset)
    if not decision.selected and decision.error is None:
        return []
    return build_items(rule, Event(instance, Action.UPDATED, using), error=decision.error)


def _pages(queryset: QuerySet[Any]) -> Iterator[Sequence[Model]]:
    """``queryset`` in pages by primary key, which no database buffers as a whole."""
    if queryset.query.is_sliced:
        yield list(queryset)
        return
    ordered = queryset.order_by("pk")
    page = list(ordered[:PAGE])
    while page:
        yield page
        page = list(ordered.filter(pk__gt=page[-1].pk)[:PAGE])


def mass_push(rule: DefaultConfiguration | str, args: Sequence[str] = ()) -> list[ItemToPush]:
    """Queue one parcel of all that ``get_items_to_push(*args)`` gives, for each destination.

    Raises:
        NotRegistered: there is no such rule.
        ConfigurationError: the rule makes no mass pushes, or has no destination.
    """
    found = _rule(rule)
    if not isinstance(found, MassPusherConfiguration):
        raise ConfigurationError(
            f"Rule {found.name!r} pushes one object at a time. A rule for mass pushes is a "
            "subclass of pigeon.MassPusherConfiguration."
        )
    names = registry.destinations_of(found)
    if not names:
        raise ConfigurationError(
            f"Rule {found.name!r} has no destination: name one in PIGEON_PUSH_URLS."
        )
    event_id, text = uuid.uuid4(), json.dumps(list(args), ensure_ascii=False)
    items = [
        ItemToPush(
            rule_name=found.name,
            destination=name,
            object_id=text if len(text) <= 255 else hashlib.sha256(text.encode()).hexdigest(),
            arguments=list(args),
            title=" ".join([found.name, *args])[:255],
            event_id=event_id,
            action=Action.CREATED,
            priority=found.priority,
        )
        for name in names
    ]
    queue.add(items, conf.DATABASES[0])
    return items


def _rule(rule: DefaultConfiguration | str) -> DefaultConfiguration:
    return registry.get(rule) if isinstance(rule, str) else rule
