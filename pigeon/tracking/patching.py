"""Patching a class so that loads, saves and refreshes of its instances are tracked.

A patched method does its work only in the class that is the plan's owner, and elsewhere just
goes on to the next: where both a parent and its child are attached, one of them works.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import router
from django.db.models import Model

from pigeon.exceptions import ConfigurationError
from pigeon.tracking.changes import modified_fields, note_loaded, note_refreshed, note_sql, save
from pigeon.tracking.plan import Plan, attached, forget_plans, plan_of

_SAVE_BASE = ("raw", "force_insert", "force_update", "using", "update_fields")
_REFRESH = ("using", "fields", "from_queryset")

#: Attached class → name → what the class itself had under that name, if it had anything.
_originals: dict[type, dict[str, Any]] = {}


def attach(model: type[Model], fields: Collection[str] | None = None) -> None:
    """Track the instances of ``model``, which may be anybody's, and of its subclasses.

    Call it when the app registry is ready. Attaching again only replaces ``fields``.

    Args:
        model: a concrete model or a proxy.
        fields: names of the fields to track; None for all concrete ones. The primary key is
            always tracked. Names of m2m fields are allowed and have no effect.

    Raises:
        ConfigurationError: ``model`` has no field of such a name.
    """
    wanted = None if fields is None else _checked(model, fields)
    if model not in attached:
        _patch(model)
    attached[model] = wanted
    forget_plans()


def detach(model: type[Model]) -> None:
    """Undo :func:`attach`; the class is then exactly what it was. Harmless if not attached."""
    if model not in attached:
        return
    del attached[model]
    for name, original in _originals.pop(model).items():
        if original is None:
            delattr(model, name)
        else:
            setattr(model, name, original)
    forget_plans()


class DirtyFieldsMixin:
    """Makes a model know what changed, whether a rule names it or not.

    Put it before ``models.Model``; abstract models may have it too::

        class Story(pigeon.DirtyFieldsMixin, models.Model): ...

    Raises:
        ConfigurationError: it stands behind ``models.Model``, where it would have no effect.
    """

    @property
    def modified_attrs(self) -> frozenset[str]:
        """Names of the fields that differ from the last commit; see :mod:`pigeon.tracking`."""
        return modified_fields(self)  # type: ignore[arg-type]

    @property
    def _modified_attrs(self) -> frozenset[str]:
        """The old name of ``modified_attrs``."""
        return self.modified_attrs

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        order = cls.__mro__
        if Model in order and order.index(Model) < order.index(DirtyFieldsMixin):
            raise ConfigurationError(
                f"{cls.__module__}.{cls.__qualname__}: DirtyFieldsMixin has no effect behind "
                "models.Model. Put it first: class "
                f"{cls.__name__}(pigeon.DirtyFieldsMixin, models.Model)."
            )


def _checked(model: type[Model], fields: Collection[str]) -> frozenset[str]:
    for name in fields:
        try:
            model._meta.get_field(name)
        except FieldDoesNotExist as error:
            names = ", ".join(field.name for field in model._meta.concrete_fields)
            raise ConfigurationError(
                f"{model._meta.label} has no field {name!r} to track. It has: {names}."
            ) from error
    return frozenset(fields)


def _patch(cls: type) -> None:
    patches = {name: make(cls) for name, make in _PATCHES.items()}
    for name in ("modified_attrs", "_modified_attrs"):
        if not hasattr(cls, name):  # a model may have a field of that name
            patches[name] = vars(DirtyFieldsMixin)[name]
    _originals[cls] = {name: vars(cls).get(name) for name in patches}
    for name, patch in patches.items():
        setattr(cls, name, patch)


def _next(cls: type, name: str) -> Callable[[Any], Callable[..., Any]]:
    """What ``cls`` would do without us: a function of the instance, or of the class."""
    own = vars(cls).get(name)
    if own is None:
        return lambda target: getattr(super(cls, target), name)
    if isinstance(own, classmethod):
        return lambda target: own.__get__(None, target)
    return lambda target: own.__get__(target, type(target))


def _plan_if_owned(cls: type, model: type[Model]) -> Plan | None:
    plan = plan_of(model)
    return plan if plan.owner is cls else None


def _from_db(cls: type) -> Any:
    proceed = _next(cls, "from_db")

    @wraps(Model.from_db)
    def from_db(model: type[Model], *args: Any, **kwargs: Any) -> Model:
        instance: Model = proceed(model)(*args, **kwargs)
        if (plan := plan_of(type(instance))).owner is cls:
            note_loaded(instance, plan)
        return instance

    return classmethod(from_db)


def _save_base(cls: type) -> Any:
    proceed = _next(cls, "save_base")

    @wraps(Model.save_base)
    def save_base(self: Model, *args: Any, **kwargs: Any) -> Any:
        if not _plan_if_owned(cls, type(self)):
            return proceed(self)(*args, **kwargs)
        arguments = {**dict(zip(_SAVE_BASE, args, strict=False)), **kwargs} if args else kwargs
        using = arguments.get("using") or router.db_for_write(type(self), instance=self)
        arguments["using"] = using  # asked once, as a router may choose by chance
        names = _local(type(self)) if arguments.get("raw") else arguments.get("update_fields")
        return save(self, using, names, lambda: proceed(self)(**arguments))

    return save_base


def _local(model: type[Model]) -> list[str]:
    """Names of the fields that a raw save writes: parents are saved by themselves."""
    concrete = model._meta.concrete_model or model
    return [field.name for field in concrete._meta.local_concrete_fields]


def _save_table(cls: type) -> Any:
    proceed = _next(cls, "_save_table")

    @wraps(Model._save_table)  # type: ignore[attr-defined]
    def _save_table(self: Model, *args: Any, **kwargs: Any) -> Any:
        # Between the SQL and post_save there is no public place to look at what was written;
        # handlers may change the instance before ours is called.
        updated = proceed(self)(*args, **kwargs)
        if _plan_if_owned(cls, type(self)):
            note_sql(self, inserted=not updated)
        return updated

    return _save_table


def _refresh_from_db(cls: type) -> Any:
    proceed = _next(cls, "refresh_from_db")

    @wraps(Model.refresh_from_db)
    def refresh_from_db(self: Model, *args: Any, **kwargs: Any) -> None:
        plan = _plan_if_owned(cls, type(self))
        arguments = dict(zip(_REFRESH, args, strict=False)) | kwargs
        if arguments.get("fields") is not None:
            arguments["fields"] = list(arguments["fields"])  # it may be an iterator
        names = _refreshed(self, plan, arguments) if plan else ()
        proceed(self)(**arguments)
        if plan:
            note_refreshed(self, names)

    return refresh_from_db


def _refreshed(instance: Model, plan: Plan, arguments: dict[str, Any]) -> frozenset[str]:
    """The attnames that ``refresh_from_db(**arguments)`` will load, by Django's own rules."""
    if arguments.get("fields") is not None:
        return plan.attnames(arguments["fields"])
    loaded = frozenset(plan.fields.keys() - instance.get_deferred_fields())
    queryset = arguments.get("from_queryset")
    if queryset is None or instance.get_deferred_fields():
        return loaded
    names, is_deferred = queryset.query.deferred_loading
    chosen = plan.attnames(names)
    if is_deferred:
        return loaded - chosen
    return chosen.union(plan.keys)


_PATCHES = {
    "from_db": _from_db,
    "save_base": _save_base,
    "_save_table": _save_table,
    "refresh_from_db": _refresh_from_db,
}

# The mixin is patched like an attached class, so that there is one way in which things are
# tracked. It is a plain class: abstract models cannot be imported before apps are loaded.
_patch(DirtyFieldsMixin)
attached[DirtyFieldsMixin] = None
