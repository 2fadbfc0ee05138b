"""Are the rules such as can work?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage

from pigeon.checks import models, names
from pigeon.checks.catalogue import (
    BAD_ATTRIBUTE,
    EVERY_MODEL,
    NAME_TAKEN,
    NO_BATCH,
    NO_MODELS,
    NOT_A_RULE,
)
from pigeon.configuration import ALL_MODELS, DefaultConfiguration, MassPusherConfiguration
from pigeon.exceptions import AlreadyRegistered
from pigeon.packers.base import Packer
from pigeon.registry import registry
from pigeon.validators.json import JSONSchemaValidator
from pigeon.validators.xml import SchemaValidator

_BY_SCHEMA = (SchemaValidator, JSONSchemaValidator)
_SMALL = range(-(2**15), 2**15)
#: Attribute → what it may be, in words and as a question.
_ATTRIBUTES: dict[str, tuple[str, Any]] = {
    "on_invalid": ("'refuse' or 'skip'", lambda value: value in ("refuse", "skip")),
    "push_deletions": (
        "False, 'remove' or 'tombstone'",
        lambda value: value is False or value in ("remove", "tombstone"),
    ),
    "push_withdrawals": ("True or False", lambda value: isinstance(value, bool)),
    "packer": ("a packer class or a packer, such as pigeon.ZIPPacker", lambda v: _is_packer(v)),
    "validators": (
        "a list of validators: objects with validate(), or functions of the bytes",
        lambda value: isinstance(value, list | tuple) and all(map(_is_validator, value)),
    ),
    "extension": (
        "a string without a dot at its beginning, such as 'xml'",
        lambda value: isinstance(value, str) and not value.startswith("."),
    ),
    "tracked_fields": (
        "None or a list of names of fields",
        lambda value: value is None or isinstance(value, list | tuple | set | frozenset),
    ),
    "expires_after": (
        "None, a number of seconds or a timedelta, and more than 0",
        lambda value: value is None or _is_length_of_time(value),
    ),
    "priority": (
        f"a whole number from {_SMALL[0]} to {_SMALL[-1]}",
        lambda value: isinstance(value, int) and value in _SMALL,
    ),
}


def check() -> Iterator[CheckMessage]:
    """What was refused when it was registered, then each rule."""
    for problem in registry.problems:
        taken = isinstance(problem.error, AlreadyRegistered)
        yield (NAME_TAKEN if taken else NOT_A_RULE).found(
            str(problem.error),
            "Rename one of the two rules."
            if taken
            else "Correct or remove the registration: a "
            "decorator in a pigeon_config module, or an entry of PIGEON_CLASSES.",
            problem.subject,
        )
    for rule in registry.rules():
        yield from _check_scope(rule)
        yield from models.check(rule)
        yield from _check_attributes(rule)
        yield from _check_schemas(rule)
        yield from names.check(rule)


def _check_scope(rule: DefaultConfiguration) -> Iterator[CheckMessage]:
    where, cls = f"rule {rule.name!r}", type(rule)
    if isinstance(rule, MassPusherConfiguration):
        if cls.get_items_to_push is MassPusherConfiguration.get_items_to_push:  # type: ignore[attr-defined]
            yield NO_BATCH.found(
                f"Rule {rule.name!r} makes mass pushes but does not say of what.",
                "Define get_items_to_push(*args), which returns a queryset or a list.",
                where,
            )
    elif not rule.models:
        if cls.filter_by_instance_type is DefaultConfiguration.filter_by_instance_type:
            yield NO_MODELS.found(
                f"Rule {rule.name!r} has no models, so nothing is ever pushed by it.",
                "Name them, as in models = ['news.Story'].",
                where,
            )
        else:
            yield EVERY_MODEL.found(
                f"Rule {rule.name!r} has no models but its own filter_by_instance_type, so it is "
                "asked at each save of every model of the site.",
                "Name its models, as in models = ['news.Story']; or write models = "
                f"{ALL_MODELS!r} if every model is meant.",
                where,
            )


def _check_attributes(rule: DefaultConfiguration) -> Iterator[CheckMessage]:
    for name, (allowed, is_allowed) in _ATTRIBUTES.items():
        value = getattr(rule, name)
        if not is_allowed(value):
            yield BAD_ATTRIBUTE.found(
                f"{name} of rule {rule.name!r} is {value!r}.",
                f"It must be {allowed}.",
                f"rule {rule.name!r}",
            )


def _check_schemas(rule: DefaultConfiguration) -> Iterator[CheckMessage]:
    """A schema that is not there would refuse each object, one by one."""
    validators = rule.validators if isinstance(rule.validators, list | tuple) else ()
    for validator in validators:
        path = getattr(validator, "schema", None) if isinstance(validator, _BY_SCHEMA) else None
        if isinstance(path, str | Path) and not Path(path).is_file():
            yield BAD_ATTRIBUTE.found(
                f"validators of rule {rule.name!r} name the schema {path}, which is not there.",
                f"Correct the path that {type(validator).__name__} is given, or "
                "put the file there.",
                f"rule {rule.name!r}",
            )


def _is_packer(value: object) -> bool:
    return isinstance(value, Packer) or (isinstance(value, type) and issubclass(value, Packer))


def _is_validator(value: object) -> bool:
    return callable(value) or callable(getattr(value, "validate", None))


def _is_length_of_time(value: object) -> bool:
    if isinstance(value, timedelta):
        return value > timedelta()
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
