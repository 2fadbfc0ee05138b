"""Inserting new items, in the middle of a user's save, for as little as possible.

``bulk_create()`` does the same; but a save that queues one item then spends a third of its
time on building that statement (see ``benchmarks/save.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field

from pigeon.models.chunks import CHUNK, chunks
from pigeon.models.item import ItemToPush

_COLUMNS: list[Field[Any, Any]] = [
    field for field in ItemToPush._meta.concrete_fields if not field.primary_key
]


def insert(items: Sequence[ItemToPush], using: str) -> None:
    """Insert new ``items``, each of which gets its id.

    One statement takes up to 500 items, fewer where the database limits its parameters.
    """
    connection = connections[using]
    if not connection.features.can_return_rows_from_bulk_insert:
        ItemToPush.objects.using(using).bulk_create(items, batch_size=CHUNK)
        return
    with transaction.atomic(using=using, savepoint=False), connection.cursor() as cursor:
        for chunk in chunks(items, _rows_at_once(connection)):
            cursor.execute(*_statement(chunk, connection))
            for item, (pk,) in zip(chunk, cursor.fetchall(), strict=True):
                item.pk, item._state.db, item._state.adding = pk, using, False


def _rows_at_once(connection: BaseDatabaseWrapper) -> int:
    limit = connection.features.max_query_params
    return CHUNK if limit is None else min(CHUNK, limit // len(_COLUMNS))


def _statement(
    items: Sequence[ItemToPush], connection: BaseDatabaseWrapper
) -> tuple[str, list[Any]]:
    options, quote = ItemToPush._meta, connection.ops.quote_name
    fields = list(_filled(items))
    columns = ", ".join(quote(str(field.column)) for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    table, key = quote(options.db_table), quote("id")
    sql = f"INSERT INTO {table} ({columns}) VALUES {', '.join([row] * len(items))} RETURNING {key}"
    values = [
        field.get_db_prep_save(getattr(item, field.attname), connection)
        for item in items
        for field in fields
    ]
    return sql, values


def _filled(items: Sequence[ItemToPush]) -> Iterator[Field[Any, Any]]:
    """The fields in which any of ``items`` has a value; the database leaves the others NULL."""
    for field in _COLUMNS:
        if not field.null or any(getattr(item, field.attname) is not None for item in items):
            yield field
