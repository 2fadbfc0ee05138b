"""Keeps a failing hook from spoiling the transaction it runs in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper


class _LazySavepoint:
    """A query wrapper that opens a savepoint right before the first query, if there is one."""

    def __init__(self, connection: BaseDatabaseWrapper, stack: ExitStack) -> None:
        self._connection = connection
        self._stack = stack
        self._open = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if not self._open:
            self._open = True
            self._stack.enter_context(transaction.atomic(using=self._connection.alias))
        return execute(sql, params, many, context)


@contextmanager
def guarded() -> Iterator[None]:
    """Roll back what a hook did to the database when it raises, and only that.

    Costs nothing on the database when the hook makes no query.
    """
    wrapped = [
        connection
        for connection in connections.all(initialized_only=True)
        if connection.in_atomic_block
    ]
    with ExitStack() as savepoints, ExitStack() as wrappers:
        for connection in wrapped:
            wrappers.enter_context(
                connection.execute_wrapper(_LazySavepoint(connection, savepoints))
            )
        yield
