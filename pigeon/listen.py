"""Listens to the models that rules name, and to no others."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import ManyToManyField, Model
from django.db.models.signals import m2m_changed, post_save, pre_delete

from pigeon import tracking
from pigeon.configuration import DefaultConfiguration
from pigeon.models.status import Action
from pigeon.registry import registry, rules_by_model
from pigeon.select import Event, has_queue, select

logger = logging.getLogger("pigeon.select")

Rules = tuple[DefaultConfiguration, ...]
#: Where the owners of a relation that is being cleared from its far side wait for post_clear.
_CLEARED = "_pigeon_cleared"


@dataclass
class Routes:
    """Which rules hear of which model.

    Attributes:
        attached: the models that rules name, with the fields they track (``None``: all).
        saves: model, child or proxy → rules.
        deletions: the same, for rules that push deletions.
        relations: through model → the m2m fields that use it.
    """

    attached: dict[type[Model], frozenset[str] | None] = field(default_factory=dict)
    saves: dict[type[Model], Rules] = field(default_factory=dict)
    deletions: dict[type[Model], Rules] = field(default_factory=dict)
    relations: dict[type[Model], set[ManyToManyField[Any, Any]]] = field(default_factory=dict)


_routes = Routes()


def connect(**kwargs: object) -> None:
    """Attach the models that rules name now; let go of those that none names any more."""
    global _routes
    old, _routes = _routes, _plan()
    for model in old.attached.keys() - _routes.attached.keys():
        tracking.detach(model)
    for model, fields in _routes.attached.items():
        tracking.attach(model, fields)
    for model in old.saves.keys() | _routes.saves.keys():
        _listen(post_save, model, _on_save, model in _routes.saves)
        _listen(pre_delete, model, _on_delete, model in _routes.deletions)
    for through in old.relations.keys() | _routes.relations.keys():
        _listen(m2m_changed, through, _on_m2m, through in _routes.relations)


def routes_of(model: type[Model]) -> Rules:
    """The rules that hear of saves of ``model``."""
    return _routes.saves.get(model, ())


def _listen(signal: Any, sender: type[Model], receiver: Any, wanted: bool) -> None:
    uid = f"pigeon.{receiver.__name__}"
    if wanted:
        signal.connect(receiver, sender=sender, weak=False, dispatch_uid=uid)
    else:
        signal.disconnect(sender=sender, dispatch_uid=uid)


def _plan() -> Routes:
    routes = Routes()
    rules = [rule for rule in registry.rules() if rule.selects_on_save]
    for model, names in rules_by_model(rules).items():
        named = [registry.get(name) for name in names]
        routes.attached[model] = _fields(named)
        for member in _family(model):
            _join(routes.saves, member, named)
            _join(routes.deletions, member, [rule for rule in named if rule.push_deletions])
            for relation in member._meta.many_to_many:
                through: type[Model] = relation.remote_field.through
                routes.relations.setdefault(through, set()).add(relation)
    return routes


def _fields(rules: Iterable[DefaultConfiguration]) -> frozenset[str] | None:
    fields: set[str] = set()
    for rule in rules:
        if rule.tracked_fields is None:
            return None
        fields.update(rule.tracked_fields)
    return frozenset(fields)


def _family(model: type[Model]) -> list[type[Model]]:
    """``model``, its proxies and its children: a save of any is a save of ``model``."""
    return [other for other in apps.get_models() if issubclass(other, model)]


def _join(
    table: dict[type[Model], Rules], model: type[Model], rules: list[DefaultConfiguration]
) -> None:
    present = table.get(model, ())
    joined = present + tuple(rule for rule in rules if rule not in present)
    if joined:
        table[model] = joined


def _on_save(
    *, sender: type[Model], instance: Model, created: bool, raw: bool, using: str, **kwargs: object
) -> None:
    if raw or not has_queue(using):
        return
    action = Action.CREATED if created else Action.UPDATED
    select(_routes.saves.get(sender, ()), Event(instance, action, using, tracked=not created))


def _on_delete(*, sender: type[Model], instance: Model, using: str, **kwargs: object) -> None:
    """Before, not after: the object and its relations are still whole."""
    if has_queue(using):
        select(_routes.deletions.get(sender, ()), Event(instance, Action.DELETED, using))


def _on_m2m(
    *,
    sender: type[Model],
    instance: Model,
    action: str,
    reverse: bool,
    pk_set: set[Any] | None,
    using: str,
    **kwargs: object,
) -> None:
    for relation in _routes.relations.get(sender, ()):
        if not isinstance(instance, relation.related_model if reverse else relation.model):
            continue
        if action == "pre_clear" and reverse:
            setattr(instance, _CLEARED, _owners_of(relation, sender, instance, using))
        elif action == "post_clear" or (action in ("post_add", "post_remove") and pk_set):
            pks = instance.__dict__.pop(_CLEARED, ()) if pk_set is None else pk_set
            owners = _load(relation, pks, using) if reverse else [instance]
            _select_owners(owners, relation.name, using)


def _owners_of(
    relation: ManyToManyField[Any, Any], through: type[Model], target: Model, using: str
) -> list[Any]:
    rows = through._base_manager.using(using).filter(**{relation.m2m_reverse_field_name(): target})
    return list(rows.values_list(relation.m2m_field_name(), flat=True))


def _load(relation: ManyToManyField[Any, Any], pks: Iterable[Any], using: str) -> Iterator[Model]:
    yield from relation.model._base_manager.using(using).filter(pk__in=list(pks))


def _select_owners(owners: Iterable[Model], field_name: str, using: str) -> None:
    if not has_queue(using):
        return
    for owner in owners:
        with tracking.m2m_changed(owner, {field_name}):
            event = Event(owner, Action.UPDATED, using, tracked=True)
            select(_routes.saves.get(type(owner), ()), event)
