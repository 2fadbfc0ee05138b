"""One rule, one object: does it go out, and if not, which filter says so?"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache

from django.db.models import Model

from pigeon.configuration import ALL_MODELS, DefaultConfiguration
from pigeon.exceptions import (
    FilterByInstanceTypeError,
    FilterByStateError,
    FilterByUpdatesError,
    ItemError,
    SupervisorError,
)
from pigeon.guard import Guard, guarded
from pigeon.supervisors import BaseSupervisor

Hooks = DefaultConfiguration | BaseSupervisor

#: Hook → what its exceptions become; those of others become a plain ``ItemError``.
_ERRORS: dict[str, type[ItemError]] = {
    "get_supervisor_for_item": SupervisorError,
    "filter_by_instance_type": FilterByInstanceTypeError,
    "filter_by_updates": FilterByUpdatesError,
    "filter_by_state": FilterByStateError,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule says of an object.

    Attributes:
        selected: it goes out.
        refused_by: the hook that refused it or raised, or ``"tracked_fields"``; empty if
            selected.
        error: what a hook raised, wrapped with the rule's and the hook's name.
        hooks: who answers the rule's hooks for the object, if it was selected.
    """

    selected: bool
    refused_by: str = ""
    error: ItemError | None = None
    hooks: Hooks | None = None


_REFUSED = {name: Decision(False, name) for name in (*_ERRORS, "tracked_fields")}


def decide(
    rule: DefaultConfiguration,
    instance: Model,
    *,
    created: bool,
    changed: Callable[[], Collection[str]],
    guard: Guard | None = None,
) -> Decision:
    """Ask the filters of ``rule`` one after another.

    Args:
        rule: the rule.
        instance: the object as it was just saved.
        created: it is new, so ``filter_by_updates`` is not asked.
        changed: gives the names of the changed fields; called only if somebody asks.
        guard: an open guard, for callers who ask many rules; without it there is one of its
            own.
    """
    if guard is None:
        with guarded() as guard:
            return decide(rule, instance, created=created, changed=changed, guard=guard)
    decision = _ask(rule, instance, created, changed)
    guard.settle(failed=decision.error is not None)
    return decision


def accepts_type(rule: DefaultConfiguration, instance: Model) -> bool:
    """Whether ``rule`` is about ``instance``; a filter that raises has not refused it."""
    try:
        with guarded():
            hooks = hooks_for(rule, instance)
            return hooks is not None and hooks.filter_by_instance_type(instance)
    except Exception:  # noqa: BLE001 - a user's hook never breaks a deletion
        return True


def accepts_state(
    rule: DefaultConfiguration, instance: Model, before: Guard | None = None
) -> bool:
    """Whether ``filter_by_state`` accepts ``instance`` as it is now.

    Args:
        rule: the rule.
        instance: the object.
        before: as for :func:`pigeon.guard.guarded`.

    Raises:
        FilterByStateError: the filter raised.
        SupervisorError: no supervisor could be had.
    """
    with guarded(before):
        hooks = hooks_for(rule, instance)
        try:
            return hooks is not None and hooks.filter_by_state(instance)
        except Exception as error:
            raise hook_error(rule, "filter_by_state", error) from error


def hooks_for(rule: DefaultConfiguration, instance: Model) -> Hooks | None:
    """Who answers the rule's hooks for ``instance``: a supervisor or the rule itself.

    ``None`` means that the rule is not about this object.

    Raises:
        SupervisorError: ``get_supervisor_for_item`` raised, or returned something else.
    """
    own = type(rule).get_supervisor_for_item
    if own is DefaultConfiguration.get_supervisor_for_item:
        return rule
    try:
        hooks: object = rule.get_supervisor_for_item(instance)
    except Exception as error:
        raise hook_error(rule, "get_supervisor_for_item", error) from error
    if hooks is None or isinstance(hooks, Hooks):
        return hooks
    raise SupervisorError(
        f"get_supervisor_for_item of rule {rule.name!r} returned {type(hooks).__name__}; return "
        "an instance of a subclass of pigeon.BaseSupervisor, such as "
        "PhotoSupervisor(self, instance), or None."
    )


def hook_error(rule: DefaultConfiguration, hook: str, error: Exception) -> ItemError:
    """What an item says when ``hook`` of ``rule`` raised ``error``."""
    wrapper = _ERRORS.get(hook, ItemError)
    if isinstance(error, wrapper):
        return error
    try:
        said = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an exception that cannot even be printed
        said = type(error).__name__
    return wrapper(f"{hook} of rule {rule.name!r} raised {said}")


def item_model(rule: DefaultConfiguration, instance: Model) -> type[Model]:
    """The model under which ``rule`` knows ``instance``: the most specific one it names.

    An object saved through a child model or a proxy stays one object for the rule.
    """
    named = frozenset() if rule.models == ALL_MODELS else rule.model_labels()
    return _most_specific(named, type(instance))


@cache
def _most_specific(named: frozenset[str], model: type[Model]) -> type[Model]:
    for parent in model.__mro__:
        if _label(parent) in named:
            return parent
    concrete = model._meta.concrete_model
    assert concrete is not None
    return concrete


def _label(model: type) -> str:
    if not issubclass(model, Model) or model is Model or model._meta.abstract:
        return ""
    return model._meta.label_lower


def _ask(
    rule: DefaultConfiguration,
    instance: Model,
    created: bool,
    changed: Callable[[], Collection[str]],
) -> Decision:
    hook = "get_supervisor_for_item"
    try:
        hooks = hooks_for(rule, instance)
        if hooks is None:
            return _REFUSED[hook]
        hook = "filter_by_instance_type"
        if not hooks.filter_by_instance_type(instance):
            return _REFUSED[hook]
        if not created:
            if rule.tracked_fields is not None and not {*rule.tracked_fields} & {*changed()}:
                return _REFUSED["tracked_fields"]
            hook = "filter_by_updates"
            if not hooks.filter_by_updates(instance):
                return _REFUSED[hook]
        hook = "filter_by_state"
        if not hooks.filter_by_state(instance):
            return _REFUSED[hook]
    except Exception as error:  # noqa: BLE001 - a user's hook never breaks the save
        return Decision(False, hook, hook_error(rule, hook, error))
    return Decision(True, hooks=hooks)
