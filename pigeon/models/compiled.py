"""Queries that are compiled once and asked again and again, with other values.

To write a query in Django's words takes it half a millisecond, and to ask a database that is near
a tenth of that. For one batch some thirty are asked, however few items it has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar, cast

from django.conf import settings
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, QuerySet
from django.db.models.base import ModelState
from django.db.models.signals import post_init, pre_init
from django.db.models.sql import DeleteQuery, Query, UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=models.Model)
Convert = Callable[[Any], Any]


class Argument(Expression):
    """The place of a value in a :class:`CompiledQuery`.

    Args:
        name: under which the value is given.
        output_field: makes of the value what the database's driver wants; without one it goes
            there as it is, as texts and numbers may.
    """

    def __init__(self, name: str, output_field: models.Field[Any, Any] | None = None) -> None:
        super().__init__(output_field)
        self.name = name
        self.kind = output_field

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        """A mark, and this itself where the value is to be."""
        return "%s", (self,)


#: A value, or the place of one.
Text = str | Argument
Moment = datetime | Argument
Number = int | Argument


class Arguments(Argument):
    """The place of any number of values, in :class:`pigeon.models.among.Among`.

    If none are given, the query finds nothing and changes nothing, and is not asked.
    """

    @property
    def mark(self) -> str:
        """What stands in the statement where there will be a mark for each value."""
        return f"<<{self.name}>>"


class _Statement(NamedTuple):
    """A query as one connection has it: values and places of values, and what rows are."""

    connection: BaseDatabaseWrapper
    sql: str
    places: tuple[Any, ...]
    several: tuple[Arguments, ...]
    converters: tuple[tuple[int, Convert], ...]
    columns: tuple[str, ...]


class CompiledQuery(Generic[M]):
    """A query with places for values.

    It is compiled by the first who asks on a connection, and not for any other after that: what
    ``make`` does must depend on nothing but its arguments. Only then does Django see whether one
    with ``select_for_update()`` is within a transaction: all who ask it must be.

    Args:
        model: whose rows it asks for or changes.
        make: gets all rows of the model and ``shape``, and returns a query set with
            :class:`Argument` for values, or what its ``update()`` or ``delete()`` returns: here
            these only make the statement.
    """

    def __init__(self, model: type[M], make: Callable[..., Any]) -> None:
        self._model = model
        self._make = make
        self._compiled = threading.local()

    def rows(self, using: str, *shape: Any, **values: Any) -> list[Any]:
        """What ``values_list()`` would give: a list for each row."""
        statement = self._statement(using, shape)
        return [] if _is_void(statement, values) else _rows(statement, values)

    def column(self, using: str, *shape: Any, **values: Any) -> list[Any]:
        """The first value of each row."""
        return [row[0] for row in self.rows(using, *shape, **values)]

    def objects(self, using: str, *shape: Any, **values: Any) -> list[M]:
        """Instances of the model."""
        rows = self.rows(using, *shape, **values)
        return list(_instances(self._model, self._statement(using, shape), rows)) if rows else []

    def execute(self, using: str, *shape: Any, **values: Any) -> int:
        """Change or delete; the number of rows."""
        statement = self._statement(using, shape)
        if _is_void(statement, values):
            return 0
        with (
            transaction.mark_for_rollback_on_error(using=using),
            statement.connection.cursor() as cursor,
        ):
            cursor.execute(*_filled(statement, values))
            return int(cursor.rowcount)

    def _statement(self, using: str, shape: tuple[Any, ...]) -> _Statement:
        # For each connection, so for each thread: what converts values is the connection's.
        known = cast("dict[Any, _Statement]", self._compiled.__dict__)
        connection = connections[using]
        key = using, shape, settings.USE_TZ  # on some databases, it decides what dates become
        found = known.get(key)
        if found is None or found.connection is not connection:
            made = self._make(_recipe(self._model._default_manager.using(using)), *shape)
            query = made.query if isinstance(made, QuerySet) else made
            found = known[key] = _compiled(query, connection, using)
        return found


def _recipe(rows: QuerySet[M]) -> QuerySet[M]:
    """``rows``, of which ``update()`` and ``delete()`` are not asked."""
    kind = type(rows)
    rows.__class__ = type(kind.__name__, (kind,), {"update": _update, "delete": _delete})
    return rows


def _update(rows: QuerySet[Any], **values: Any) -> Query:
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values(values)
    return cast("Query", query)


def _delete(rows: QuerySet[Any]) -> Query:
    query = rows.query.clone()
    query.__class__ = DeleteQuery
    return query


def _compiled(query: Query, connection: BaseDatabaseWrapper, using: str) -> _Statement:
    compiler: Any = query.get_compiler(using)
    sql, params = compiler.as_sql()
    places = tuple(_place(each, connection) for each in params)
    several = {each.name: each for each in params if isinstance(each, Arguments)}
    selected = [] if isinstance(query, UpdateQuery | DeleteQuery) else compiler.select
    expressions = [expression for expression, *_ in selected]
    converters = tuple(_converters(compiler, expressions, connection))
    columns = tuple(getattr(each.target, "attname", "") for each in expressions)
    return _Statement(connection, sql, places, tuple(several.values()), converters, columns)


class _Place(NamedTuple):
    """Where a value goes, and what makes of it what the driver wants."""

    name: str
    prepare: Convert | None
    is_several: bool


def _place(param: Any, connection: BaseDatabaseWrapper) -> Any:
    if not isinstance(param, Argument):
        return param
    field = param.kind
    prepare = None if field is None else (lambda value: field.get_db_prep_value(value, connection))
    return _Place(param.name, prepare, isinstance(param, Arguments))


def _converters(
    compiler: Any, expressions: Sequence[Any], connection: BaseDatabaseWrapper
) -> Iterator[tuple[int, Convert]]:
    for at, (converters, expression) in compiler.get_converters(expressions).items():
        yield at, _converter(converters, expression, connection)


def _converter(
    converters: Sequence[Callable[..., Any]], expression: Any, connection: BaseDatabaseWrapper
) -> Convert:
    def convert(value: Any) -> Any:
        for each in converters:
            value = each(value, expression, connection)
        return value

    return convert


def _is_void(statement: _Statement, values: dict[str, Any]) -> bool:
    return any(not values[each.name] for each in statement.several)


def _filled(statement: _Statement, values: dict[str, Any]) -> tuple[str, list[Any]]:
    sql = statement.sql
    for each in statement.several:
        sql = sql.replace(each.mark, ", ".join(["%s"] * len(values[each.name])))
    params: list[Any] = []
    for place in statement.places:
        if not isinstance(place, _Place):
            params.append(place)
            continue
        value, prepare = values[place.name], place.prepare
        if place.is_several:
            params += value if prepare is None else map(prepare, value)
        else:
            params.append(value if prepare is None else prepare(value))
    return sql, params


def _rows(statement: _Statement, values: dict[str, Any]) -> list[list[Any]]:
    with statement.connection.cursor() as cursor:
        cursor.execute(*_filled(statement, values))
        rows = [list(row) for row in cursor.fetchall()]
    for at, convert in statement.converters:
        _convert(rows, at, convert)
    return rows


def _convert(rows: Sequence[list[Any]], at: int, convert: Convert) -> None:
    """Convert a column; what is the same in many rows, such as a moment, once."""
    made: dict[Any, Any] = {}
    for row in rows:
        value = row[at]
        found = made[value] if value in made else convert(value)
        if isinstance(found, list | dict):  # each row has its own, which it may change
            if isinstance(found, list) and all(isinstance(each, str) for each in found):
                made[value], found = found, found.copy()
        else:
            made[value] = found
        row[at] = found


def _instances(
    model: type[M], statement: _Statement, rows: Sequence[Sequence[Any]]
) -> Iterator[M]:
    columns, using = statement.columns, statement.connection.alias
    if any(signal.has_listeners(model) for signal in (pre_init, post_init)):
        for row in rows:
            yield model.from_db(using, columns, row)
        return
    # What from_db() does, at a quarter of the time: it is asked for field by field there.
    for row in rows:
        made = model.__new__(model)
        made._state = ModelState()
        made._state.adding, made._state.db = False, using
        made.__dict__.update(zip(columns, row, strict=True))
        yield made
