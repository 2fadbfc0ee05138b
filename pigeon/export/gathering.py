"""Which outputs an item has: those of its object, and of the objects related to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core import serializers
from django.db.models import Model

from pigeon.configuration import DefaultConfiguration, MassPusherConfiguration
from pigeon.decide import accepts_state, hooks_for
from pigeon.exceptions import (
    ItemError,
    NothingToPush,
    OutputMakerError,
    PigeonError,
    SupervisorError,
)
from pigeon.export.hooks import hook, hook_failed
from pigeon.guard import Guard
from pigeon.makers.base import BaseOutputMaker
from pigeon.makers.template import TombstoneOutputMaker
from pigeon.models import Action, ItemToPush
from pigeon.supervisors import BaseSupervisor

Hooks = DefaultConfiguration | BaseSupervisor


def item_makers(
    rule: DefaultConfiguration, item: ItemToPush, found: Model | None, before: Guard | None = None
) -> Iterable[BaseOutputMaker]:
    """Makers of all outputs of ``item``.

    Args:
        rule: the item's rule.
        item: one object, one batch or one deletion.
        found: the object, ``None`` when its row is gone.
        before: as for :func:`pigeon.guard.guarded`.

    Raises:
        NothingToPush: the object is gone or no longer wanted, or the batch is empty.
        ItemError: a hook of the rule raised.
    """
    if item.is_batch:
        return output_makers(rule, _batch(rule, item))
    if item.action == Action.DELETED:
        return [TombstoneOutputMaker(rule, found or _from_snapshot(item))]
    return output_makers(rule, [wanted(rule, item, found, before)])


def wanted(
    rule: DefaultConfiguration, item: ItemToPush, found: Model | None, before: Guard | None = None
) -> Model:
    """The object of ``item``, if it is still there and may still go out.

    Args: as for :func:`item_makers`.

    Raises:
        NothingToPush: it is gone or no longer wanted.
        ItemError: a hook of the rule raised.
    """
    if found is None:
        _check_model(item)
        raise NothingToPush(
            f"{item.model_label} {item.object_id} was deleted before its turn; nothing was sent."
        )
    if not accepts_state(rule, found, before):
        raise NothingToPush(
            f"{item.model_label} {item.object_id} is no longer accepted by filter_by_state; "
            "nothing was sent."
        )
    return found


def objects_of(rule: DefaultConfiguration, arguments: Iterable[str]) -> Iterator[Model]:
    """The objects of a mass push of ``rule`` with ``arguments``, as they are asked for.

    Raises:
        ItemError: the rule makes no mass pushes, or ``get_items_to_push`` raised.
    """
    if not isinstance(rule, MassPusherConfiguration):
        raise ItemError(
            f"Rule {rule.name!r} no longer makes mass pushes; make it a subclass of "
            "pigeon.MassPusherConfiguration again and retry the item, or cancel it."
        )
    with hook(ItemError, rule.name, "get_items_to_push"):
        objects = iter(rule.get_items_to_push(*arguments))
    while (instance := _next(ItemError, rule, "get_items_to_push", objects)) is not None:
        yield instance


def output_makers(
    rule: DefaultConfiguration, objects: Iterable[Model]
) -> Iterator[BaseOutputMaker]:
    """Makers of all outputs: of each object, then of what is related to it, depth first.

    Every object is asked once, however often others name it, so cycles end. Related objects
    are not asked whether they may go out by themselves: who names them wants them.

    Raises:
        SupervisorError: ``get_supervisor_for_item`` or ``get_related_items`` raised.
        OutputMakerError: ``get_output_makers`` raised or gave something else.
    """
    seen: set[object] = set()
    pending: list[Iterator[Model]] = [iter(objects)]
    while pending:
        instance = _next(SupervisorError, rule, "get_related_items", pending[-1])
        if instance is None:
            pending.pop()
            continue
        key = _key(instance)
        if key in seen:
            continue
        seen.add(key)
        hooks = hooks_for(rule, instance)
        if hooks is not None:
            yield from _makers(rule, hooks, instance)
            pending.append(_related(rule, hooks, instance))


def _key(instance: Model) -> object:
    """Proxies of one row are one object; unsaved objects are each their own."""
    return (instance._meta.concrete_model, instance.pk) if instance.pk else id(instance)


def _makers(
    rule: DefaultConfiguration, hooks: Hooks, instance: Model
) -> Iterable[BaseOutputMaker]:
    try:
        makers = list(hooks.get_output_makers(instance))
    except PigeonError:
        raise
    except Exception as error:
        raise hook_failed(error, OutputMakerError, rule.name, "get_output_makers") from error
    for maker in makers:
        if not isinstance(maker, BaseOutputMaker):
            raise OutputMakerError(
                f"get_output_makers of rule {rule.name!r} returned {maker!r}, which is no output "
                "maker: return instances such as TemplateOutputMaker(self, instance)."
            )
    return makers


def _related(rule: DefaultConfiguration, hooks: Hooks, instance: Model) -> Iterator[Model]:
    try:
        return iter(hooks.get_related_items(instance))
    except PigeonError:
        raise
    except Exception as error:
        raise hook_failed(error, SupervisorError, rule.name, "get_related_items") from error


def _batch(rule: DefaultConfiguration, item: ItemToPush) -> Iterator[Model]:
    empty = True
    for instance in objects_of(rule, item.arguments):
        empty = False
        yield instance
    if empty:
        raise NothingToPush("get_items_to_push returned nothing; nothing was sent.")


def _next(
    error_class: type[ItemError], rule: DefaultConfiguration, name: str, objects: Iterator[Model]
) -> Model | None:
    try:
        return next(objects, None)
    except PigeonError:
        raise
    except Exception as error:
        raise hook_failed(error, error_class, rule.name, name) from error


def _check_model(item: ItemToPush) -> None:
    try:
        _ = item.model
    except LookupError as error:
        raise ItemError(
            f"{error} Install the model's app again and retry the item, or cancel it."
        ) from error


def _from_snapshot(item: ItemToPush) -> Model:
    with hook(ItemError, item.rule_name, "the snapshot of the deleted object"):
        using, snapshot = item._state.db or "default", item.snapshot or []
        rows = serializers.deserialize("python", snapshot, using=using, ignorenonexistent=True)
        for row in rows:
            instance: Model = row.object
            return instance
    raise NothingToPush(
        f"{item.model_label} {item.object_id} is gone and the item has no snapshot of it; "
        "nothing was sent."
    )
