"""Can the models of a rule be listened to, and their objects be named in the queue?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage
from django.core.exceptions import FieldDoesNotExist
from django.db.models import CharField, Field, Model, TextField

from pigeon.checks.catalogue import UNKNOWN_FIELD, UNKNOWN_MODEL, UNUSABLE_KEY
from pigeon.checks.suggest import did_you_mean, listed
from pigeon.configuration import ALL_MODELS, DefaultConfiguration
from pigeon.models.item import ItemToPush

_LONGEST_KEY = ItemToPush._meta.get_field("object_id").max_length or 0


def check(rule: DefaultConfiguration) -> Iterator[CheckMessage]:
    """Each model is installed and has a usable key; tracked fields exist in one of them."""
    if rule.models == ALL_MODELS:
        return
    if not isinstance(rule.models, list | tuple | set | frozenset):
        yield UNKNOWN_MODEL.found(
            f"models of rule {rule.name!r} is {rule.models!r}, which is not a list.",
            "Write a list, as in models = ['news.Story'].",
            f"rule {rule.name!r}",
        )
        return
    found: list[type[Model]] = []
    for entry in rule.models:
        model = _installed(entry)
        if model is None:
            yield _unknown(rule, entry)
        else:
            found.append(model)
            yield from _check_key(rule, model)
    if found:
        yield from _check_fields(rule, found)


def _installed(entry: object) -> type[Model] | None:
    model = entry
    if isinstance(entry, str):
        try:
            model = apps.get_model(entry)
        except (LookupError, ValueError):
            return None
    if not isinstance(model, type) or not issubclass(model, Model) or model is Model:
        return None
    options = model._meta
    usable = not options.abstract and not options.swapped and options.app_label != "pigeon"
    return model if usable else None


def _unknown(rule: DefaultConfiguration, entry: object) -> CheckMessage:
    labels = {model._meta.label.lower(): model._meta.label for model in apps.get_models()}
    close = did_you_mean(str(entry).lower(), labels)
    for label, written in labels.items():
        close = close.replace(repr(label), repr(written))
    return UNKNOWN_MODEL.found(
        f"Rule {rule.name!r} names {entry!r}, which is no model that can be pushed.",
        f"{close}Name a model class or write 'app_label.ModelName', and check INSTALLED_APPS. "
        "Abstract and swapped models, and Pigeon's own, cannot be pushed.",
        f"rule {rule.name!r}",
    )


def _check_key(rule: DefaultConfiguration, model: type[Model]) -> Iterator[CheckMessage]:
    reason = _why_unusable(model._meta.pk)
    if reason:
        yield UNUSABLE_KEY.found(
            f"The primary key of {model._meta.label}, which rule {rule.name!r} names, {reason}. "
            f"The queue keeps keys of one column and at most {_LONGEST_KEY} characters.",
            f"Push another model that refers to {model._meta.label}, or change its key.",
            f"rule {rule.name!r}",
        )


def _why_unusable(key: Field[Any, Any] | None) -> str:
    while getattr(key, "remote_field", None) is not None:  # a parent's key, or a relation's
        key = key.target_field  # type: ignore[union-attr]
    if key is None or getattr(key, "columns", None):
        return "is made of several columns"
    if isinstance(key, CharField | TextField):
        if key.max_length is None:
            return "is text of any length"
        if key.max_length > _LONGEST_KEY:
            return f"may have {key.max_length} characters"
    return ""


def _check_fields(rule: DefaultConfiguration, models: list[type[Model]]) -> Iterator[CheckMessage]:
    if isinstance(rule.tracked_fields, str):
        return
    known = {field.name for model in models for field in model._meta.get_fields()}
    for name in rule.tracked_fields or ():
        if not any(_has(model, name) for model in models):
            yield UNKNOWN_FIELD.found(
                f"Rule {rule.name!r} tracks the field {name!r}, which none of its models has.",
                f"{did_you_mean(name, known)}Known fields: {listed(known)}.",
                f"rule {rule.name!r}",
            )


def _has(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
