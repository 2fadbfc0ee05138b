"""Which classes are attached, and what that means for a model: its plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db.models import BinaryField, Field, FileField, Model

from pigeon.tracking.values import UNKNOWN, freeze

#: Attached class → names and attnames of the fields it tracks, or None for all. Their methods
#: are patched; subclasses inherit both.
attached: dict[type, frozenset[str] | None] = {}

_plans: dict[type, Plan] = {}

#: The modules of fields whose loaded values are never changed in place.
_PLAIN = {"django.db.models.fields", "django.db.models.fields.related"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tracked of one model.

    Attributes:
        owner: the one class among the model and its bases whose patched methods do the work,
            so that nothing is done twice; None if the model is not tracked.
        fields: attname → field.
        aliases: a field's name, or its attname → its attname.
        keys: attnames of the primary key.
        delicate: attnames of fields whose values might be changed in place.
        files: attnames of file fields.
        links: attname of a parent's key → attname of the link to the parent, which Django
            reads in its place when it is deferred.
        read: the values of all ``fields``, from an instance's ``__dict__``.
    """

    owner: type | None
    fields: Mapping[str, Field[Any, Any]]
    aliases: Mapping[str, str]
    keys: tuple[str, ...]
    delicate: tuple[str, ...]
    files: tuple[str, ...]
    links: Mapping[str, str]
    read: Callable[[Mapping[str, Any]], tuple[Any, ...]]

    def snapshot(self, memory: Mapping[str, Any]) -> dict[str, Any]:
        """The values in ``memory``, an instance's ``__dict__``, to be remembered by attname.

        Deferred fields are left out. This runs for each row that is loaded, so plain fields'
        values are not even looked at.
        """
        try:
            known = dict(zip(self.fields, self.read(memory), strict=True))
        except KeyError:
            known = {name: memory[name] for name in self.fields if name in memory}
            for name, link in self.links.items():
                if link in known:
                    known.setdefault(name, known[link])
        for name in self.delicate:
            if name in known and (value := freeze(known.pop(name))) is not UNKNOWN:
                known[name] = value
        return known

    def attnames(self, names: Any) -> frozenset[str]:
        """The attnames of those of ``names`` that are tracked fields."""
        return frozenset(self.aliases[name] for name in names if name in self.aliases)


def plan_of(model: type[Model]) -> Plan:
    """The plan of ``model``, made at first use."""
    try:
        return _plans[model]
    except KeyError:
        return _plans.setdefault(model, _make(model))


def forget_plans() -> None:
    """Make all plans anew: ``attached`` has changed."""
    _plans.clear()


def _make(model: type[Model]) -> Plan:
    fields = {field.attname: field for field in _tracked(model)}
    return Plan(
        owner=next((base for base in model.__mro__ if base in attached), None),
        fields=fields,
        aliases={alias: name for name, field in fields.items() for alias in (name, field.name)},
        keys=_keys(model),
        delicate=tuple(name for name, field in fields.items() if not _is_plain(field)),
        files=tuple(name for name, field in fields.items() if isinstance(field, FileField)),
        links=_links(model, fields.values()),
        read=_reader(list(fields)),
    )


def _tracked(model: type[Model]) -> list[Field[Any, Any]]:
    """The fields that any attached class among the bases asks for, and always the key."""
    wishes = [attached[base] for base in model.__mro__ if base in attached]
    if not wishes or None in wishes:
        return list(model._meta.concrete_fields)
    wanted = frozenset(_keys(model)).union(*(wish for wish in wishes if wish is not None))
    return [each for each in model._meta.concrete_fields if {each.name, each.attname} & wanted]


def _keys(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.pk_fields)


def _links(model: type[Model], fields: Iterable[Field[Any, Any]]) -> dict[str, str]:
    found = {
        field.attname: model._meta.get_ancestor_link(field.model)
        for field in fields
        if field.primary_key and field.attname not in _keys(model)
    }
    return {name: link.attname for name, link in found.items() if link}


def _is_plain(field: Field[Any, Any]) -> bool:
    return type(field).__module__ in _PLAIN and not isinstance(field, BinaryField)


def _reader(names: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) == 1:  # itemgetter of one name gives no tuple
        return lambda memory: (memory[names[0]],)
    return itemgetter(*names)
