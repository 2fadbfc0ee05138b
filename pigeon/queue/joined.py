"""Many small looks in one statement: Django makes the parts, which are joined here.

The SQL is the same for every database, and each part may be a slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import QuerySet


def counts(queries: Sequence[QuerySet[Any]], using: str) -> list[int]:
    """How many rows each of ``queries`` has, in their order."""
    parts, values = [], []
    for at, query in enumerate(queries):
        sql, params = _sql(query.values("pk"), using)
        parts.append(f"SELECT {at}, (SELECT COUNT(*) FROM ({sql}) AS counted)")
        values += params
    with connections[using].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return [number for _, number in sorted(cursor.fetchall())]


def rows(
    queries: Sequence[QuerySet[Any]], fields: Sequence[str], using: str, where: str = ""
) -> tuple[str, list[Any]]:
    """A statement for ``raw()``: the ``fields`` of the rows of all ``queries``.

    Args:
        queries: of one model, whose key is among ``fields``.
        fields: names of columns; what is left out is asked for when it is read.
        using: alias of the database.
        where: a condition without parameters on what each query found.
    """
    parts, values = [], []
    for query in queries:
        sql, params = _sql(query.values(*fields), using)
        parts.append(f"SELECT * FROM ({sql}) AS part {where}")
        values += params
    return " UNION ALL ".join(parts), values


def _sql(query: QuerySet[Any], using: str) -> tuple[str, list[Any]]:
    sql, params = query.query.get_compiler(using).as_sql()
    return sql, list(params)
