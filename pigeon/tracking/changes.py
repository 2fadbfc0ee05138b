"""From memory and history to the names of the modified fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import router, transaction
from django.db.models import Model

from pigeon.tracking.history import Handling, History, history_of, set_history
from pigeon.tracking.plan import Plan, plan_of
from pigeon.tracking.values import UNKNOWN, freeze, is_new_file, same


def modified_fields(instance: Model) -> frozenset[str]:
    """Names of the fields of ``instance`` that differ from the last commit.

    See :mod:`pigeon.tracking` for the rules. Costs no query and loads no deferred field.
    """
    plan, history = plan_of(type(instance)), _history(instance)
    handling = history.handling()
    if handling is None and instance._state.adding:
        return frozenset(field.name for field in plan.fields.values())
    known = {} if _is_other_row(instance, plan, history) else history.known
    names = {
        plan.fields[name].name
        for name, value in _candidates(instance, plan, history).items()
        if name in plan.fields and _differs(plan, known, name, value)
    }
    return frozenset(names).union(handling.relations if handling else ())


@contextmanager
def m2m_changed(instance: Model, names: Collection[str]) -> Iterator[None]:
    """While this is open, the m2m fields ``names`` are among the modified ones of ``instance``.

    Changes of its other fields that are not saved are not: they are not what is going on.
    """
    handling = Handling(scope=frozenset(), relations=frozenset(names))
    set_history(instance, _history(instance).begin(handling))
    try:
        yield
    finally:
        handling.over = True


@contextmanager
def saving(instance: Model, using: str, update_fields: Collection[str] | None) -> Iterator[None]:
    """One save of ``instance``, with its handlers, in a transaction on ``using``."""
    plan = plan_of(type(instance))
    with transaction.atomic(using=using, savepoint=False):
        history, write = _at_start(instance, plan, using).open_write(using)
        scope = None if update_fields is None else plan.attnames(update_fields)
        handling = Handling(scope, write)
        history = history._replace(known=_without_new_files(instance, plan, history, scope))
        set_history(instance, history.begin(handling))
        try:
            yield
        finally:
            handling.over = True


def note_sql(instance: Model, table: type[Model], *, inserted: bool) -> None:
    """Remember what the save that is going on has written to the table of ``table``."""
    plan, history = plan_of(type(instance)), _history(instance)
    handling = history.handling()
    if handling is None or handling.write is None:
        return  # a fixture's save, which goes round save_base
    local = {field.attname for field in table._meta.local_concrete_fields} & plan.fields.keys()
    names = local if handling.scope is None else local & handling.scope
    values = _frozen(instance, {*names, *plan.keys})
    handling.write.values.update(values)
    handling.written.update(names)
    if inserted:
        known = {name: value for name, value in history.known.items() if name not in values}
        set_history(instance, history._replace(known=known))


def note_loaded(instance: Model) -> None:
    """Remember what ``instance`` has just been loaded with; runs for each row."""
    known = plan_of(type(instance)).snapshot(instance.__dict__)
    set_history(instance, History(known, instance._state.db))


def note_refreshed(instance: Model, names: Collection[str]) -> None:
    """Take the present values of the fields with the attnames ``names`` for the last commit's.

    A field that was written in this transaction keeps its place there: what was read back is
    as uncommitted as what was written.
    """
    history = _history(instance)
    written = history.written()
    values = _frozen(instance, names)
    read_back = {name: value for name, value in values.items() if name in written}
    if read_back:
        history, write = history.open_write(history.writes[-1].using)
        write.values.update(read_back)
    known = {**history.known, **values}
    known = {name: value for name, value in known.items() if value is not UNKNOWN}
    for name in read_back:
        known.pop(name, None)
        if name in history.known:
            known[name] = history.known[name]
    set_history(instance, history._replace(known=known, db=instance._state.db))


def _history(instance: Model) -> History:
    return history_of(instance) or History({}, instance._state.db)


def _at_start(instance: Model, plan: Plan, using: str) -> History:
    """The history for a save: none, if it is the first of this row in this database."""
    history = _history(instance)
    if (
        instance._state.adding
        or _is_other_row(instance, plan, history)
        or _is_other_database(instance, history, using)
    ):
        return History({}, using, handlings=history.handlings)
    return history._replace(db=using)


def _is_other_row(instance: Model, plan: Plan, history: History) -> bool:
    """Whether the primary key was changed, or taken away to save a copy."""
    last = {**history.known, **history.written()} if history.writes else history.known
    return any(name in last and last[name] != instance.__dict__.get(name) for name in plan.keys)


def _is_other_database(instance: Model, history: History, using: str) -> bool:
    """Whether a save to ``using`` leaves the database of the history.

    It does not when the router sends writes there of what it read from a replica.
    """
    if history.db in (None, using):
        return False
    return router.db_for_write(type(instance), instance=instance) != using


def _candidates(instance: Model, plan: Plan, history: History) -> Mapping[str, Any]:
    """The values that are to be compared with the last commit, by attname."""
    handling = history.handling()
    memory, written = instance.__dict__, history.written()
    if handling is None:
        scope = set(plan.fields)
    elif handling.scope is None:
        scope = plan.fields.keys() - handling.written
    else:
        scope = set(handling.scope - handling.written)
    return {**written, **{name: memory[name] for name in scope if name in memory}}


def _differs(plan: Plan, known: Mapping[str, Any], name: str, value: Any) -> bool:
    if name not in known:
        return True
    return not same(plan.fields[name], freeze(value), known[name])


def _frozen(instance: Model, names: Collection[str]) -> dict[str, Any]:
    memory = instance.__dict__
    return {name: freeze(memory.get(name, UNKNOWN)) for name in names}


def _without_new_files(
    instance: Model, plan: Plan, history: History, scope: frozenset[str] | None
) -> Mapping[str, Any]:
    """What is known, but for files that this save stores, be it under the same name."""
    new = {
        name
        for name in plan.files
        if (scope is None or name in scope) and is_new_file(instance.__dict__.get(name))
    }
    if not new:
        return history.known
    return {name: value for name, value in history.known.items() if name not in new}
