"""Rule by rule: why one object is, or is not, pushed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from pigeon.conf import conf
from pigeon.configuration import DefaultConfiguration, labels_of
from pigeon.exceptions import ConfigurationError
from pigeon.explain.answers import Answer, answers_of, verdict_on
from pigeon.explain.records import Place, Records
from pigeon.listen import routes_of
from pigeon.registry import registry
from pigeon.select.objects import title_of


@dataclass(slots=True)
class RuleReport:
    """What one rule says of the object, in short and filter by filter."""

    rule: str
    verdict: str
    answers: list[Answer] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


@dataclass(slots=True)
class Explanation:
    """All that is known about one object.

    Attributes:
        object: such as ``"news.Story 5"``.
        title: its name for people; empty if it is gone.
        database: alias of its database.
        notes: what holds whatever the rules say.
        rules: the rules that are about it, and those whose items it has.
        others: names of the rules that do not listen to its model.
    """

    object: str
    title: str
    database: str
    notes: list[str] = field(default_factory=list)
    rules: list[RuleReport] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def explain(model: type[Model], pk: str, using: str | None = None) -> Explanation:
    """Why the object with the key ``pk`` is, or is not, pushed.

    Raises:
        ConfigurationError: ``pk`` cannot be a key of ``model``.
        django.db.Error: the database cannot be read.
    """
    using = using or conf.DATABASES[0]
    key = _key(model, pk)
    instance = model._base_manager.using(using).filter(pk=key).first()
    routes = {rule.name: registry.routing_of(rule).destinations for rule in registry.rules()}
    records = Records(model, str(key), using, routes)
    result = Explanation(f"{model._meta.label} {key}", _title(instance), using)
    result.notes = list(_notes(model, instance, using))
    for rule in registry.rules():
        if _is_about(rule, model) or rule.name in records.rules:
            result.rules.append(_report(rule, model, instance, records))
        else:
            result.others.append(rule.name)
    result.rules += _gone(records)
    return result


def _title(instance: Model | None) -> str:
    return "" if instance is None else title_of(instance)


def _gone(records: Records) -> Iterator[RuleReport]:
    """Rules that are no longer there but have left items."""
    for name in sorted(records.rules - {rule.name for rule in registry.rules()}):
        verdict = "No rule has this name any more, so items of it that wait will fail."
        yield RuleReport(name, verdict, places=records.places(name, {}))


def _key(model: type[Model], pk: str) -> Any:
    field = model._meta.pk
    try:
        return field.to_python(pk) if field is not None else pk
    except ValidationError:
        raise ConfigurationError(
            f"{pk!r} cannot be a primary key of {model._meta.label}."
        ) from None


def _is_about(rule: DefaultConfiguration, model: type[Model]) -> bool:
    if rule.selects_on_save:
        return rule in routes_of(model)
    return not rule.model_labels().isdisjoint(labels_of(model))


def _notes(model: type[Model], instance: Model | None, using: str) -> Iterator[str]:
    if instance is None:
        yield f"There is no such object in the database {using!r}."
    if using not in conf.DATABASES:
        yield f"PIGEON_DATABASES does not name {using!r}, so saves in it queue nothing."
    if not any(_is_about(rule, model) for rule in registry.rules()):
        yield (
            f"No rule names {model._meta.label}, so saving it queues nothing. Name it in the "
            "models of a rule in a pigeon_config module."
        )


def _report(
    rule: DefaultConfiguration, model: type[Model], instance: Model | None, records: Records
) -> RuleReport:
    report = RuleReport(rule.name, "")
    routing = registry.routing_of(rule)
    report.places = records.places(rule.name, routing.destinations)
    if not _is_about(rule, model):
        report.verdict = f"It does not listen to {model._meta.label} any more."
    elif not rule.selects_on_save:
        report.verdict = f"It makes mass pushes: pigeon_mass_push {rule.name} starts one."
    elif instance is None:
        report.verdict = "The object is gone, so its filters cannot be asked."
    else:
        report.answers = answers_of(rule, instance)
        report.verdict = verdict_on(report.answers, routing)
    return report
