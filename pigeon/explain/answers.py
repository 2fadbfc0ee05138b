"""What the filters of a rule say of one object, each asked by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Model

from pigeon.configuration import DefaultConfiguration
from pigeon.decide import hooks_for
from pigeon.exceptions import ItemError
from pigeon.guard import guarded
from pigeon.registry import Routing, registry
from pigeon.supervisors import BaseSupervisor

Hooks = DefaultConfiguration | BaseSupervisor


@dataclass(frozen=True, slots=True)
class Answer:
    """What one filter says: yes, no, or ``None`` where it depends on a save; and why."""

    filter: str
    accepts: bool | None
    reason: str = ""


def answers_of(rule: DefaultConfiguration, instance: Model) -> list[Answer]:
    """What each filter of ``rule`` says of ``instance`` as it is now."""
    try:
        with guarded():
            hooks = hooks_for(rule, instance)
    except ItemError as error:
        words = registry.redact(f"It raised: {error}")
        return [Answer("get_supervisor_for_item", False, words)]
    if hooks is None:
        return [Answer("get_supervisor_for_item", False, "It has no supervisor for the object.")]
    return [
        _ask("filter_by_instance_type", hooks.filter_by_instance_type, instance),
        *_about_updates(rule, hooks),
        _ask("filter_by_state", hooks.filter_by_state, instance),
    ]


def _ask(name: str, filter_: Callable[[Model], bool], instance: Model) -> Answer:
    try:
        with guarded():
            return Answer(name, bool(filter_(instance)))
    except Exception as error:  # noqa: BLE001 - a user's filter
        return Answer(name, False, registry.redact(f"It raised {type(error).__name__}: {error}"))


def _about_updates(rule: DefaultConfiguration, hooks: Hooks) -> Iterator[Answer]:
    """What depends on the fields that a save changes, so cannot be asked now."""
    if rule.tracked_fields is not None:
        fields = ", ".join(rule.tracked_fields)
        yield Answer("tracked_fields", None, f"A save must change one of: {fields}.")
    own = type(hooks).filter_by_updates
    usual = own in (DefaultConfiguration.filter_by_updates, BaseSupervisor.filter_by_updates)
    if usual and type(rule).filter_by_updates is DefaultConfiguration.filter_by_updates:
        yield Answer("filter_by_updates", True)
    else:
        text = "It is asked at each save of an existing object about the fields that changed."
        yield Answer("filter_by_updates", None, text)


def verdict_on(answers: Sequence[Answer], routing: Routing) -> str:
    """All answers, and where the rule sends, in a sentence or two."""
    wrong = "".join(f" A destination is wrong: {error}" for error in routing.problems)
    failed = next((answer for answer in answers if answer.reason.startswith("It raised")), None)
    refused = next((answer for answer in answers if answer.accepts is False), None)
    if failed is not None:
        return f"Each save leaves an error item, because {failed.filter} raises."
    if refused is not None:
        return f"Not pushed: {refused.filter} refuses it."
    if not routing.destinations:
        return f"Not pushed: the rule has no destination.{wrong}"
    if any(answer.accepts is None for answer in answers):
        return f"Pushed when it is created, and when a save changes what the rule asks for.{wrong}"
    return f"Pushed at each save.{wrong}"
