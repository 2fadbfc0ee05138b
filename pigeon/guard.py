"""Keeps a failing hook from spoiling the transaction it runs in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper


class Guard:
    """While it is open, a hook's first query opens a savepoint; :meth:`settle` ends it.

    One guard serves any number of hooks, one after another. It costs nothing on the database
    as long as they make no query.
    """

    __slots__ = ("_watches",)

    def __init__(self) -> None:
        self._watches = [
            _Watch(connection)
            for connection in connections.all(initialized_only=True)
            if connection.in_atomic_block
        ]

    @property
    def watches_anything(self) -> bool:
        """Whether there was a transaction when it was made."""
        return bool(self._watches)

    def __enter__(self) -> Guard:
        for watch in self._watches:
            watch.connection.execute_wrappers.append(watch)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for watch in self._watches:
            watch.connection.execute_wrappers.remove(watch)
        self.settle(failed=kind is not None)

    def settle(self, *, failed: bool) -> None:
        """End what the hook that has just run opened: undone if it failed, kept otherwise."""
        for watch in self._watches:
            if watch.savepoint is not None:
                watch.settle(failed)


def guarded(before: Guard | None = None) -> Guard:
    """A guard for one block: if it raises, what it did to the database is undone.

    Args:
        before: one that was made before, in the same transaction or outside of any. In most
            workers there is none to spoil, and ``before`` is good for all blocks.
    """
    return Guard() if before is None or before.watches_anything else before


class _Watch:
    """A query wrapper that opens a savepoint right before the first query on a connection.

    ``transaction.atomic`` cannot be used for that: the hook may have entered blocks of its own
    before its first query, and would then leave ours in place of its own. So our savepoint
    goes below them in Django's list, and out of it wherever it is by then.
    """

    __slots__ = ("_depth", "_was_broken", "connection", "savepoint")

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.savepoint: str | None = None
        self._depth = len(connection.savepoint_ids)
        self._was_broken = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if self.savepoint is None:
            self._open()
        return execute(sql, params, many, context)

    def _open(self) -> None:
        connection = self.connection
        self._was_broken = connection.needs_rollback
        with _unwatched(connection):
            self.savepoint = connection.savepoint()
        if self.savepoint is not None:
            connection.savepoint_ids.insert(self._depth, self.savepoint)

    def settle(self, failed: bool) -> None:
        """Roll back or release the savepoint, so that the transaction can go on."""
        connection, savepoint = self.connection, self.savepoint
        self.savepoint = None
        if savepoint not in connection.savepoint_ids:
            return  # the hook closed the connection
        connection.savepoint_ids.remove(savepoint)
        # A hook may also have swallowed a database error, which marks or breaks the transaction.
        failed = failed or (connection.needs_rollback and not self._was_broken)
        connection.needs_rollback = self._was_broken
        with _unwatched(connection):
            if not failed:
                try:
                    connection.savepoint_commit(savepoint)
                except DatabaseError:
                    failed = True
            if failed:
                connection.savepoint_rollback(savepoint)
                connection.savepoint_commit(savepoint)


@contextmanager
def _unwatched(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Without any guard, so that the savepoints of guards within guards keep their order."""
    wrappers = connection.execute_wrappers
    connection.execute_wrappers = [each for each in wrappers if not isinstance(each, _Watch)]
    try:
        yield
    finally:
        connection.execute_wrappers = wrappers
