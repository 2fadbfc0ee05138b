"""What happened, and which rules want it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Model

from pigeon import queue, tracking
from pigeon.conf import conf
from pigeon.configuration import DefaultConfiguration
from pigeon.decide import Decision, accepts_type, decide, hook_error
from pigeon.exceptions import ItemError
from pigeon.guard import Guard, guarded
from pigeon.models.item import ItemToPush
from pigeon.models.status import Action
from pigeon.select.items import build_items, wanted_deletions
from pigeon.select.objects import actor_of_now, snapshot_of, title_of

logger = logging.getLogger("pigeon.select")


@dataclass
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

    # Found out only when somebody asks, because most saves select nothing.

    @cached_property
    def id(self) -> uuid.UUID:
        """What its items have in common."""
        return uuid.uuid4()

    @cached_property
    def changed(self) -> Collection[str]:
        """Names of the changed fields."""
        return tracking.modified_fields(self.instance) if self.tracked else ()

    @cached_property
    def title(self) -> str:
        """The object's name for people."""
        return title_of(self.instance)

    @cached_property
    def actor(self) -> str:
        """Who did it, if anybody knows."""
        return actor_of_now()

    @cached_property
    def snapshot(self) -> Any:
        """The object's fields; ``None`` if they cannot be had."""
        return snapshot_of(self.instance)


class Wish(NamedTuple):
    """A rule wants items of an event, perhaps only to tell of an error."""

    rule: DefaultConfiguration
    action: Action
    error: ItemError | None = None


def has_queue(using: str) -> bool:
    """Whether the database ``using`` has a queue; says so in the log when it has not."""
    if using in conf.DATABASES:
        return True
    logger.error(
        "A change in database %r was not queued: add it to PIGEON_DATABASES and migrate it.",
        using,
        extra={"database": using},
    )
    return False


def select(rules: Collection[DefaultConfiguration], event: Event) -> list[ItemToPush]:
    """Queue ``event`` wherever ``rules`` say, in the present transaction.

    Returns:
        The items, each with its id.
    """
    ask = _deletions if event.action == Action.DELETED else _saves
    with tracking.one_answer(event.instance):
        items = [item for wish in list(ask(rules, event)) for item in _items(wish, event)]
    if items:
        queue.add(items, event.using)
    return items


def _items(wish: Wish, event: Event) -> list[ItemToPush]:
    items = build_items(wish.rule, event, action=wish.action, error=wish.error)
    return wanted_deletions(items, event) if wish.action == Action.DELETED else items


def _deletions(rules: Collection[DefaultConfiguration], event: Event) -> Iterator[Wish]:
    for rule in rules:
        if rule.push_deletions and accepts_type(rule, event.instance):
            yield Wish(rule, Action.DELETED)


def _saves(rules: Collection[DefaultConfiguration], event: Event) -> Iterator[Wish]:
    created = event.action == Action.CREATED
    instance, changed = event.instance, lambda: event.changed
    with guarded() as guard:
        for rule in rules:
            decision = decide(rule, instance, created=created, changed=changed, guard=guard)
            if decision.selected:
                yield Wish(rule, event.action, _after_selection(rule, decision, instance, guard))
            elif decision.error is not None:
                yield Wish(rule, event.action, decision.error)
            elif rule.push_withdrawals and _is_withdrawn(rule, instance, decision, guard):
                yield Wish(rule, Action.DELETED)


def _after_selection(
    rule: DefaultConfiguration, decision: Decision, instance: Model, guard: Guard
) -> ItemError | None:
    assert decision.hooks is not None
    try:
        decision.hooks.post_select(instance)
    except Exception as error:  # noqa: BLE001 - a user's hook never breaks the save
        guard.settle(failed=True)
        return hook_error(rule, "post_select", error)
    guard.settle(failed=False)
    return None


def _is_withdrawn(
    rule: DefaultConfiguration, instance: Model, decision: Decision, guard: Guard
) -> bool:
    """Whether the object's present state is refused, whichever filter spoke first."""
    if decision.refused_by in ("filter_by_updates", "tracked_fields"):
        decision = decide(rule, instance, created=True, changed=_nothing, guard=guard)
    return decision.error is None and decision.refused_by == "filter_by_state"


_nothing: Callable[[], Collection[str]] = frozenset
