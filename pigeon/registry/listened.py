"""Which models a rule is about."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import CompositePrimaryKey, Model

from pigeon.configuration import ALL_MODELS, DefaultConfiguration
from pigeon.exceptions import ConfigurationError

logger = logging.getLogger("pigeon.registry")


def models_of(rule: DefaultConfiguration) -> list[type[Model]]:
    """The model classes that ``rule`` listens to.

    A rule without ``models`` that overrides ``filter_by_instance_type`` listens to all.

    Raises:
        ConfigurationError: an entry is not a model that Pigeon can push.
    """
    if rule.models == ALL_MODELS or (not rule.models and _filters_types(rule)):
        return [model for model in apps.get_models() if not _why_not(model)]
    if not isinstance(rule.models, list | tuple | set | frozenset):
        raise ConfigurationError(
            f"'models' of rule {rule.name!r} is {rule.models!r}; it must be a list such as "
            '[Story] or ["news.Story"], or "*" for every model.'
        )
    return [_model(rule, entry) for entry in rule.models]


def rules_by_model(
    rules: Iterable[DefaultConfiguration],
) -> dict[type[Model], list[DefaultConfiguration]]:
    """Model class → the rules that listen to it.

    A rule that names something else is left out and logged; the system checks report it.
    """
    found: dict[type[Model], list[DefaultConfiguration]] = {}
    for rule in rules:
        try:
            models = models_of(rule)
        except ConfigurationError as error:
            text, extra = "Rule %s listens to nothing: %s", {"rule": rule.name}
            logger.error(text, rule.name, error, extra=extra)
            continue
        for model in dict.fromkeys(models):
            found.setdefault(model, []).append(rule)
    return found


def fields_of(rule: DefaultConfiguration, model: type[Model]) -> frozenset[str] | None:
    """Those of the rule's ``tracked_fields`` that ``model`` has; ``None`` for all fields."""
    if rule.tracked_fields is None:
        return None
    return frozenset(name for name in rule.tracked_fields if _has_field(model, name))


def unknown_fields(rule: DefaultConfiguration) -> list[str]:
    """Names in ``tracked_fields`` that are a field of none of the rule's models.

    Raises:
        ConfigurationError: see :func:`models_of`.
    """
    if rule.tracked_fields is None:
        return []
    models = models_of(rule)
    return [
        name
        for name in rule.tracked_fields
        if not any(_has_field(model, name) for model in models)
    ]


def _filters_types(rule: DefaultConfiguration) -> bool:
    own = type(rule).filter_by_instance_type
    return own is not DefaultConfiguration.filter_by_instance_type


def _has_field(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _model(rule: DefaultConfiguration, entry: object) -> type[Model]:
    model = _installed(rule, entry) if isinstance(entry, str) else entry
    if not isinstance(model, type) or not issubclass(model, Model):
        raise ConfigurationError(
            f"Rule {rule.name!r} names {entry!r} among its models, which is not a model class. "
            "Write the class or its label, 'app_label.ModelName'."
        )
    if reason := _why_not(model):
        raise ConfigurationError(
            f"Rule {rule.name!r} names the model {model.__name__}, which cannot be pushed: "
            f"{reason}"
        )
    return model


def _installed(rule: DefaultConfiguration, label: str) -> type[Model]:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise ConfigurationError(
            f"Rule {rule.name!r} names the model {label!r}, which is not installed ({error}). "
            "Write it as 'app_label.ModelName' and check INSTALLED_APPS."
        ) from error


def _why_not(model: type[Model]) -> str:
    options = model._meta
    if options.abstract:
        return "it is abstract; name its concrete children."
    if options.swapped:
        return f"it is swapped for {options.swapped}; name that."
    if options.app_label == "pigeon":
        return "it belongs to Pigeon itself."
    if isinstance(options.pk, CompositePrimaryKey):
        return "its primary key has several columns."
    return ""
