"""One rule, one object: does it go out, and if not, which filter says so?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.models import Model

from pigeon.configuration import ALL_MODELS, DefaultConfiguration
from pigeon.exceptions import (
    FilterByInstanceTypeError,
    FilterByStateError,
    FilterByUpdatesError,
    ItemError,
    SupervisorError,
)
from pigeon.guard import guarded
from pigeon.supervisors import BaseSupervisor


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule says of an object.

    Attributes:
        selected: it goes out.
        refused_by: the filter that refused it, or the reason in the rule; empty if selected.
        error: what a hook raised, wrapped with the rule's and the hook's name.
    """

    selected: bool
    refused_by: str = ""
    error: ItemError | None = None


SELECTED = Decision(True)


def decide(
    rule: DefaultConfiguration,
    instance: Model,
    *,
    created: bool,
    changed: Callable[[], Collection[str]],
) -> Decision:
    """Ask the filters of ``rule`` one after another.

    Args:
        rule: the rule.
        instance: the object as it was just saved.
        created: it is new, so ``filter_by_updates`` is not asked.
        changed: gives the names of the changed fields; called only if somebody asks.
    """
    try:
        with guarded():
            return _ask(rule, instance, created, changed)
    except ItemError as error:
        return Decision(False, error=error)


def accepts_type(rule: DefaultConfiguration, instance: Model) -> bool:
    """Whether ``rule`` is about ``instance``; a filter that raises has not refused it."""
    try:
        with guarded():
            hooks = hooks_for(rule, instance)
            return hooks is not None and hooks.filter_by_instance_type(instance)
    except Exception:  # noqa: BLE001 - a user's hook never breaks a deletion
        return True


def accepts_state(rule: DefaultConfiguration, instance: Model) -> bool:
    """Whether ``filter_by_state`` accepts ``instance`` as it is now.

    Raises:
        FilterByStateError: the filter raised.
        SupervisorError: no supervisor could be had.
    """
    with guarded():
        hooks = hooks_for(rule, instance)
        with _named(FilterByStateError, rule, "filter_by_state"):
            return hooks is not None and hooks.filter_by_state(instance)


def hooks_for(
    rule: DefaultConfiguration, instance: Model
) -> DefaultConfiguration | BaseSupervisor | None:
    """Who answers the rule's hooks for ``instance``: a supervisor or the rule itself.

    Raises:
        SupervisorError: ``get_supervisor_for_item`` raised.
    """
    own = type(rule).get_supervisor_for_item
    if own is DefaultConfiguration.get_supervisor_for_item:
        return rule
    with _named(SupervisorError, rule, "get_supervisor_for_item"):
        return rule.get_supervisor_for_item(instance)


def item_model(rule: DefaultConfiguration, instance: Model) -> type[Model]:
    """The model under which ``rule`` knows ``instance``: the most specific one it names.

    An object saved through a child model or a proxy stays one object for the rule.
    """
    if rule.models and rule.models != ALL_MODELS:
        named = rule.model_labels()
        for parent in type(instance).__mro__:
            if issubclass(parent, Model) and _label(parent) in named:
                return parent
    concrete = instance._meta.concrete_model
    assert concrete is not None
    return concrete


def _label(model: type[Model]) -> str:
    return "" if model is Model or model._meta.abstract else model._meta.label_lower


def _ask(
    rule: DefaultConfiguration,
    instance: Model,
    created: bool,
    changed: Callable[[], Collection[str]],
) -> Decision:
    hooks = hooks_for(rule, instance)
    if hooks is None:
        return Decision(False, "get_supervisor_for_item")
    with _named(FilterByInstanceTypeError, rule, "filter_by_instance_type"):
        if not hooks.filter_by_instance_type(instance):
            return Decision(False, "filter_by_instance_type")
    if not created:
        if rule.tracked_fields is not None and not set(rule.tracked_fields) & set(changed()):
            return Decision(False, "tracked_fields")
        with _named(FilterByUpdatesError, rule, "filter_by_updates"):
            if not hooks.filter_by_updates(instance):
                return Decision(False, "filter_by_updates")
    with _named(FilterByStateError, rule, "filter_by_state"):
        if not hooks.filter_by_state(instance):
            return Decision(False, "filter_by_state")
    return SELECTED


@contextmanager
def _named(error_class: type[ItemError], rule: DefaultConfiguration, hook: str) -> Iterator[None]:
    try:
        yield
    except ItemError:
        raise
    except Exception as error:
        raise error_class(
            f"{hook} of rule {rule.name!r} raised {type(error).__name__}: {error}"
        ) from error
