"""From memory and history to the names of the modified fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connections, router, transaction
from django.db.models import Model

from pigeon.tracking.history import (
    Handling,
    History,
    handling_of,
    history_of,
    overlaid,
    set_history,
)
from pigeon.tracking.plan import Plan, plan_of
from pigeon.tracking.values import UNKNOWN, freeze, is_new_file, same
from pigeon.tracking.writes import Write, in_own_transaction

Work = Callable[[], Any]
_ANSWER = "pigeon_answer"


def modified_fields(instance: Model) -> frozenset[str]:
    """Names of the fields of ``instance`` that differ from the last commit.

    See :mod:`pigeon.tracking` for the rules. Costs no query and loads no deferred field.
    """
    answer: _Answer | None = instance._state.__dict__.get(_ANSWER)
    if answer is None or answer.over:
        return _modified_fields(instance)
    if answer.names is None:
        answer.names = _modified_fields(instance)
    return answer.names


class _Answer:
    """What is answered until it is over; a copy of the instance may still hold it."""

    __slots__ = ("names", "over")

    def __init__(self) -> None:
        self.names: frozenset[str] | None = None
        self.over = False


@contextmanager
def one_answer(instance: Model) -> Iterator[None]:
    """While this is open, the modified fields are found out once, for however many who ask."""
    state, answer = instance._state.__dict__, _Answer()
    before, state[_ANSWER] = state.get(_ANSWER), answer
    try:
        yield
    finally:
        answer.over = True
        state[_ANSWER] = before


def _modified_fields(instance: Model) -> frozenset[str]:
    plan, history = plan_of(type(instance)), _history(instance)
    handling = handling_of(instance)
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
    handling.begin(instance)
    try:
        yield
    finally:
        handling.end(instance)


def save(instance: Model, using: str, update_fields: Collection[str] | None, work: Work) -> Any:
    """Run ``work``, a save of ``instance`` with its handlers, in a transaction on ``using``.

    Does what ``atomic(using, savepoint=False)`` does, for less where a transaction is open.
    """
    plan = plan_of(type(instance))
    scope = None if update_fields is None else plan.attnames(update_fields)
    history = _at_start(instance, plan, using)
    connection = connections[using]
    if not in_own_transaction(connection):
        with transaction.atomic(using=using, savepoint=False):
            return _handle(instance, plan, history.open_write(connection), scope, work)
    try:
        return _handle(instance, plan, history.open_write(connection), scope, work)
    except BaseException:
        transaction.set_rollback(True, using=using)
        raise


def _handle(
    instance: Model,
    plan: Plan,
    opened: tuple[History, Write],
    scope: frozenset[str] | None,
    work: Work,
) -> Any:
    history, write = opened
    handling = Handling(scope, write)
    if plan.files:
        history = history._replace(known=_without_new_files(instance, plan, history, scope))
    set_history(instance, history)
    handling.begin(instance)
    try:
        return work()
    finally:
        handling.end(instance)


def note_sql(instance: Model, *, inserted: bool) -> None:
    """Remember what the save that is going on has written.

    A model with parents is written table by table, and noted each time: the last time counts.
    """
    handling = handling_of(instance)
    if handling is None or handling.write is None:
        return  # a fixture's save, which goes round save_base
    values = _written(instance, plan_of(type(instance)), handling.scope)
    handling.write.values.update(values)
    handling.sent = True
    if inserted:
        history = _history(instance)
        known = {name: value for name, value in history.known.items() if name not in values}
        set_history(instance, history._replace(known=known))


def note_loaded(instance: Model, plan: Plan) -> None:
    """Remember what ``instance`` has just been loaded with; runs for each row."""
    set_history(instance, History(plan.snapshot(instance.__dict__), instance._state.db))


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
        history, write = history.open_write(connections[history.writes[-1].using])
        write.values.update(read_back)
    fresh = {name: value for name, value in values.items() if name not in written}
    known = overlaid(history.known, fresh)
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
        return History({}, using)
    return history if history.db == using else history._replace(db=using)


def _is_other_row(instance: Model, plan: Plan, history: History) -> bool:
    """Whether the primary key was changed, or taken away to save a copy."""
    memory = instance.__dict__
    return any(history.last(name, memory.get(name)) != memory.get(name) for name in plan.keys)


def _is_other_database(instance: Model, history: History, using: str) -> bool:
    """Whether a save to ``using`` leaves the database of the history.

    It does not when the router sends writes there of what it read from a replica.
    """
    if history.db in (None, using):
        return False
    return router.db_for_write(type(instance), instance=instance) != using


def _candidates(instance: Model, plan: Plan, history: History) -> Mapping[str, Any]:
    """The values that are to be compared with the last commit, by attname."""
    handling = handling_of(instance)
    memory, written = instance.__dict__, history.written()
    if handling and handling.sent:
        return written
    scope = plan.fields if handling is None or handling.scope is None else handling.scope
    return {**written, **{name: memory[name] for name in scope if name in memory}}


def _differs(plan: Plan, known: Mapping[str, Any], name: str, value: Any) -> bool:
    if name not in known:
        return True
    return not same(plan.fields[name], freeze(value), known[name])


def _written(instance: Model, plan: Plan, scope: frozenset[str] | None) -> dict[str, Any]:
    """The values of the fields in ``scope``, and of the key; those of plain fields as they are."""
    if scope is not None:
        return _frozen(instance, {*scope, *plan.keys})
    values = plan.snapshot(instance.__dict__)
    if len(values) < len(plan.fields):  # to be read from the database at next use
        values = dict.fromkeys(plan.fields, UNKNOWN) | values
    return values


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
