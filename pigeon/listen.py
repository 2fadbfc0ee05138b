"""Listens to the models that rules name, and to no others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.apps import apps
from django.db.models import ManyToManyField, Model
from django.db.models.signals import m2m_changed, post_save, pre_delete

from pigeon import tracking
from pigeon.configuration import DefaultConfiguration
from pigeon.models.chunks import chunks
from pigeon.models.status import Action
from pigeon.registry import registry, rules_by_model
from pigeon.registry.listened import fields_of
from pigeon.select import Event, has_queue, select

Rules = tuple[DefaultConfiguration, ...]
Relation: TypeAlias = "ManyToManyField[Any, Any]"  # only stubs make it generic
#: Where the far sides of a relation that is being cleared wait for ``post_clear``.
_CLEARED = "_pigeon_cleared"


@dataclass
class Routes:
    """Which rules hear of which model.

    Attributes:
        attached: the models that rules name, with the fields they track (``None``: all).
        saves: model, child or proxy → rules.
        deletions: the same, for rules that push deletions.
        relations: through model → m2m field that uses it → model that rules name → rules.
    """

    attached: dict[type[Model], frozenset[str] | None] = field(default_factory=dict)
    saves: dict[type[Model], Rules] = field(default_factory=dict)
    deletions: dict[type[Model], Rules] = field(default_factory=dict)
    relations: dict[type[Model], dict[Relation, dict[type[Model], Rules]]] = field(
        default_factory=dict
    )


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
    for model, named in rules_by_model(rules).items():
        routes.attached[model] = _fields(named, model)
        for member in _family(model):
            _join(routes.saves, member, named)
            _join(routes.deletions, member, [rule for rule in named if rule.push_deletions])
            for relation in member._meta.many_to_many:
                through: Any = relation.remote_field.through
                listeners = routes.relations.setdefault(through, {}).setdefault(relation, {})
                listeners[model] = tuple(named)
    return routes


def _fields(rules: Iterable[DefaultConfiguration], model: type[Model]) -> frozenset[str] | None:
    fields: set[str] = set()
    for rule in rules:
        own = fields_of(rule, model)
        if own is None:
            return None
        fields |= own
    return frozenset(fields)


def _family(model: type[Model]) -> list[type[Model]]:
    """``model``, its proxies and its children: a save of any is a save of ``model``."""
    children = [other for other in apps.get_models() if issubclass(other, model)]
    return list(dict.fromkeys([model, *children]))


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
    pk_set: Collection[Any] | None,
    using: str,
    **kwargs: object,
) -> None:
    for relation, listeners in _routes.relations.get(sender, {}).items():
        if not isinstance(instance, relation.related_model if reverse else relation.model):
            continue
        if action == "pre_clear":
            instance.__dict__[_CLEARED] = _linked(relation, sender, instance, reverse, using)
        elif action in ("post_add", "post_remove", "post_clear"):
            keys = instance.__dict__.pop(_CLEARED, ()) if pk_set is None else pk_set
            if keys and has_queue(using):
                _on_links(relation, listeners, instance, reverse, list(keys), using)


def _linked(
    relation: Relation, through: type[Model], instance: Model, reverse: bool, using: str
) -> list[Any]:
    """Keys of what is linked to ``instance``, while it still is."""
    near, far = relation.m2m_field_name(), relation.m2m_reverse_field_name()
    if reverse:
        near, far = far, near
    rows = through._base_manager.using(using).filter(**{near: instance})
    return list(rows.values_list(far, flat=True))


def _on_links(
    relation: Relation,
    listeners: dict[type[Model], Rules],
    instance: Model,
    reverse: bool,
    keys: list[Any],
    using: str,
) -> None:
    """The links between ``instance`` and ``keys`` were changed: whose relation is that?"""
    if not reverse:
        _select(_routes.saves.get(type(instance), ()), instance, relation.name, using)
    if reverse or relation.remote_field.symmetrical:
        for model, rules in listeners.items():
            for owner in _load(relation, model, keys, using):
                _select(rules, owner, relation.name, using)


def _load(relation: Relation, model: type[Model], keys: list[Any], using: str) -> Iterator[Model]:
    """Owners of the relation, as the model that rules name."""
    wanted = model if issubclass(model, relation.model) else relation.model
    for chunk in chunks(keys):
        condition = {f"{relation.m2m_target_field_name()}__in": chunk}
        yield from wanted._base_manager.using(using).filter(**condition)


def _select(rules: Rules, owner: Model, field_name: str, using: str) -> None:
    with tracking.m2m_changed(owner, {field_name}):
        select(rules, Event(owner, Action.UPDATED, using, tracked=True))
