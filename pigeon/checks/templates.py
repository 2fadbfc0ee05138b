"""Do the templates exist that rules will ask for? Asked with an unsaved object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from django.core.checks import CheckMessage
from django.db.models import Model

from pigeon.checks.catalogue import NO_TEMPLATE
from pigeon.conf import conf
from pigeon.configuration import ALL_MODELS, DefaultConfiguration
from pigeon.exceptions import ConfigurationError, OutputGenerationError
from pigeon.registry import registry
from pigeon.rendering import get_template

Names = Callable[[Model], Sequence[str]]


def check() -> Iterator[CheckMessage]:
    """Each rule that names its models and keeps the usual output maker has its templates.

    A rule with makers or supervisors of its own decides by object, and so cannot be asked.
    """
    for rule in registry.rules():
        if not rule.models or rule.models == ALL_MODELS:
            continue
        try:
            models = registry.models_of(rule)
        except ConfigurationError:
            continue
        for model in models:
            for names_of in _asked(rule):
                yield from _check(rule, model, names_of)


def _asked(rule: DefaultConfiguration) -> Iterator[Names]:
    cls, base = type(rule), DefaultConfiguration
    if (
        cls.get_output_makers is base.get_output_makers
        and cls.get_supervisor_for_item is base.get_supervisor_for_item
    ):
        yield rule.get_template_names
    if rule.push_deletions == "tombstone":
        yield rule.get_tombstone_template_names


def _check(
    rule: DefaultConfiguration, model: type[Model], names_of: Names
) -> Iterator[CheckMessage]:
    try:
        names = list(names_of(model()))
    except Exception:  # noqa: BLE001 - the names depend on the object's content
        return
    own = rule.template_engine
    try:
        get_template(names, conf.TEMPLATE_ENGINE if own is None else own)
    except OutputGenerationError as error:
        yield NO_TEMPLATE.found(
            f"Rule {rule.name!r} cannot render {model._meta.label}: {error}",
            "Create or correct the template, or let get_template_names() or "
            "get_output_makers() of the rule say otherwise.",
            f"rule {rule.name!r}",
        )
