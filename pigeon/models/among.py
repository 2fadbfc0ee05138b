"""``IN`` for hundreds of values that need no preparation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F
from django.db.models.lookups import In
from django.db.models.sql.compiler import SQLCompiler

from pigeon.models.compiled import Arguments


class Among(In):
    """A condition, for ``filter()``: the column ``name`` has one of ``values``.

    The same as ``name__in``, which prepares each value several times: for a hundred of them that
    costs more than the query. Here they go to the driver as they are, so only for texts and
    whole numbers, and never ``None``.

    Args:
        name: of a field without a foreign key in its path.
        values: strings or integers, as the column holds them; none are an empty result. Or their
            place in a compiled query.
    """

    lookup_name = "among"

    def __init__(self, name: str | F, values: Iterable[str] | Iterable[int] | Arguments) -> None:
        listed = values if isinstance(values, Arguments) else tuple(values)
        super().__init__(F(name) if isinstance(name, str) else name, listed)

    def get_prep_lookup(self) -> Any:
        """The values, as they are."""
        return self.rhs

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        """The SQL of the condition, and its parameters."""
        column, params = self.process_lhs(compiler, connection)
        if isinstance(self.rhs, Arguments):
            return f"{column} IN ({self.rhs.mark})", (*params, self.rhs)
        if not self.rhs:
            raise EmptyResultSet
        marks = ", ".join(["%s"] * len(self.rhs))
        return f"{column} IN ({marks})", (*params, *self.rhs)
