"""Items that somebody asks for, without a save."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import router
from django.db.models import Model, QuerySet

from pigeon import queue
from pigeon.conf import conf
from pigeon.configuration import DefaultConfiguration, MassPusherConfiguration
from pigeon.decide import decide
from pigeon.exceptions import ConfigurationError
from pigeon.models.chunks import chunks
from pigeon.models.item import ItemToPush
from pigeon.models.status import Action
from pigeon.registry import registry
from pigeon.select.events import Event
from pigeon.select.items import build_items, expiry_of
from pigeon.select.objects import MAX_KEY, MAX_TITLE, actor_of_now
from pigeon.text import storable

#: A rule itself, its class or its name.
Rule = DefaultConfiguration | type[DefaultConfiguration] | str
#: Rows that ``enqueue`` holds in memory at a time.
PAGE = 1000


def add_item_to_push(
    instance: Model, rule: Rule, *, using: str | None = None, expires: datetime | None = None
) -> list[ItemToPush]:
    """Queue ``instance`` for ``rule`` at all its destinations, without asking its filters.

    Args:
        instance: a saved object.
        rule: a registered rule, its class or its name.
        using: alias of the database whose queue is meant; the one that saves of ``instance``
            go to unless given.
        expires: when (aware) nobody wants it any more; as the rule's ``expires_after`` says
            unless given.

    Returns:
        The items, one per destination; none if the rule has no destination.

    Raises:
        NotRegistered: there is no such rule.
        ConfigurationError: that database has no queue.
        ValueError: ``instance`` was never saved.
    """
    if instance.pk is None:
        raise ValueError(f"Save this {instance._meta.label} before you add it to the queue.")
    found = _registered(rule)
    alias = using or router.db_for_write(type(instance), instance=instance)
    _demand_queue(alias)
    items = build_items(found, Event(instance, Action.UPDATED, alias), expires=expires)
    queue.add(items, alias)
    return items


def enqueue(queryset: QuerySet[Any], rule: Rule, *, expires: datetime | None = None) -> int:
    """Queue every object of ``queryset`` that the filters of ``rule`` accept.

    This is how to say what bypasses ``save()``: ``update()``, ``bulk_create()``, raw SQL.
    ``filter_by_updates`` is not asked. Rows are read and queued in pages of 1,000 by primary
    key, so that memory stays flat; each page is committed by itself unless a transaction is
    open. Of slices and unions, only the primary keys are held in memory.

    Args:
        queryset: a queryset of objects, not of ``values()``.
        rule: a registered rule, its class or its name.
        expires: when (aware) nobody wants them any more; as the rule's ``expires_after`` says
            unless given.

    Returns:
        The number of items that were queued.

    Raises:
        NotRegistered: there is no such rule.
        ConfigurationError: the database that saves go to has no queue.
        TypeError: ``queryset`` is not a queryset of objects.
    """
    total = 0
    for page in pages(queryset, rule, expires=expires):
        page.queue()
        total += len(page.items)
    return total


@dataclass(frozen=True, slots=True)
class Page:
    """Items that are not queued yet, of a page of objects.

    Attributes:
        items: what the rule wants of them.
        refused: objects that the rule's filters refused.
        using: alias of the database whose queue is meant.
    """

    items: list[ItemToPush]
    refused: int
    using: str

    def queue(self) -> None:
        """Queue them, in the present transaction if there is one."""
        queue.add(self.items, self.using)


def pages(
    queryset: QuerySet[Any], rule: Rule, *, expires: datetime | None = None
) -> Iterator[Page]:
    """What :func:`enqueue` queues, in pages that the caller queues; arguments and errors alike."""
    found = _registered(rule)
    using = queue_of(queryset)
    for page in _pages(queryset.using(using)):
        answers = [_accepted(found, each, using, expires) for each in page]
        items = [item for answer in answers if answer is not None for item in answer]
        yield Page(items, answers.count(None), using)


def queue_of(queryset: QuerySet[Any]) -> str:
    """Alias of the database whose queue gets items of the objects in ``queryset``.

    Raises:
        ConfigurationError: the database that saves of them go to has no queue.
        TypeError: ``queryset`` is not a queryset of objects.
    """
    using = _writing_alias(queryset)
    _demand_queue(using)
    return using


def rule_name(rule: Rule) -> str:
    """The name of ``rule``.

    Raises:
        NotRegistered: there is no such rule.
    """
    return _registered(rule).name


def mass_push(rule: Rule, args: Sequence[str] = ()) -> list[ItemToPush]:
    """Queue one parcel of all that ``get_items_to_push(*args)`` gives, for each destination.

    Raises:
        NotRegistered: there is no such rule.
        ConfigurationError: the rule makes no mass pushes, or a destination of it is missing
            or malformed.
    """
    found = _registered(rule)
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
    items = _batch_items(found, names, list(args))
    queue.add(items, conf.DATABASES[0])
    return items


def _batch_items(
    rule: DefaultConfiguration, names: Iterable[str], args: list[str]
) -> list[ItemToPush]:
    event_id, text = uuid.uuid4(), json.dumps(args, ensure_ascii=False)
    return [
        ItemToPush(
            rule_name=rule.name,
            destination=name,
            object_id=text if len(text) <= MAX_KEY else hashlib.sha256(text.encode()).hexdigest(),
            arguments=args,
            title=storable(" ".join([rule.name, *args]))[:MAX_TITLE],
            actor=actor_of_now(),
            event_id=event_id,
            action=Action.CREATED,
            priority=rule.priority,
            expires=expiry_of(rule),
        )
        for name in names
    ]


def _registered(rule: Rule) -> DefaultConfiguration:
    if isinstance(rule, DefaultConfiguration):
        return rule
    return registry.get(rule if isinstance(rule, str) else rule.name)


def _demand_queue(using: str) -> None:
    if using not in conf.DATABASES:
        raise ConfigurationError(
            f"The database {using!r} has no queue: add it to PIGEON_DATABASES and migrate it."
        )


def _writing_alias(queryset: Any) -> str:
    """Where saves go: a replica has no queue, and perhaps not yet what was just written."""
    if not isinstance(queryset, QuerySet) or getattr(queryset, "_fields", None) is not None:
        raise TypeError("enqueue() takes a queryset of objects, such as Story.objects.filter(…).")
    inner: Any = queryset
    return str(inner._db or router.db_for_write(queryset.model, **inner._hints))


def _accepted(
    rule: DefaultConfiguration, instance: Model, using: str, expires: datetime | None
) -> list[ItemToPush] | None:
    """Items of ``instance``; ``None``: a filter refused it."""
    decision = decide(rule, instance, created=True, changed=frozenset)
    if not decision.selected and decision.error is None:
        return None
    event = Event(instance, Action.UPDATED, using)
    return build_items(rule, event, error=decision.error, expires=expires)


def _pages(queryset: QuerySet[Any]) -> Iterator[Iterable[Model]]:
    """``queryset`` in pages by primary key, which no database buffers as a whole."""
    query = queryset.query
    if query.is_sliced or query.combinator or query.distinct_fields:
        yield from _pages_of_keys(queryset)
        return
    ordered = queryset.order_by("pk")
    if not query.standard_ordering:  # it was reversed, and would be again
        ordered = ordered.reverse()
    page = list(ordered[:PAGE])
    while page:
        yield _once(page)
        page = list(ordered.filter(pk__gt=page[-1].pk)[:PAGE])


def _pages_of_keys(queryset: QuerySet[Any]) -> Iterator[Iterable[Model]]:
    keys = list(dict.fromkeys(queryset.values_list("pk", flat=True)))
    for chunk in chunks(keys):
        found = queryset.model._base_manager.using(queryset.db).in_bulk(chunk)
        yield [found[key] for key in chunk if key in found]


def _once(page: Iterable[Model]) -> Iterable[Model]:
    """Each object once, though a join may have brought it several times."""
    return {instance.pk: instance for instance in page}.values()
