"""What was written in a transaction that is not committed yet, and how that ends.

Django tells only by halves how a transaction ends: it runs an ``on_commit`` callback after a
commit, and drops it, unsaid, when the transaction or the savepoint is rolled back. So nothing
but Django holds the callback of a write, and a callback that has vanished means that the write
was undone. (Where memory is not freed at once, as under PyPy, an undone write may count for a
while: too much is reported, never too little.)
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_NONE: frozenset[str] = frozenset()


class Write:
    """What saves wrote at one place in a transaction, attname → value.

    Saves under the same savepoints share a write, since they share its fate; so a loop that
    saves one instance a million times in a transaction keeps one.
    """

    __slots__ = (
        "__weakref__", "_committed", "_hook",
        "in_test", "savepoints", "transaction", "using", "values",
    )  # fmt: skip

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.using = connection.alias
        self.transaction = _transaction(connection)
        self.savepoints = _savepoints(connection)
        self.in_test = _in_test(connection)
        self.values: dict[str, Any] = {}
        self._committed = False
        self._hook: weakref.ref[Callable[[], None]] | None = None

    def await_commit(self) -> None:
        """Ask Django to say when the transaction is committed."""
        hook = self._commit  # a fresh object, which Django alone must hold after this
        self._hook = weakref.ref(hook)
        transaction.on_commit(hook, using=self.using, robust=True)

    def _commit(self) -> None:
        self._committed = True

    def is_undone(self) -> bool:
        """Whether its transaction or savepoint was rolled back."""
        return not self._committed and (self._hook is None or self._hook() is None)

    def is_committed(self) -> bool:
        """Whether it is in the database for good, or for the rest of a ``TestCase``'s test."""
        return self._committed or (self.in_test and self._is_left_to_test())

    def _is_left_to_test(self) -> bool:
        return self.transaction != _transaction(connections[self.using])

    def leave_ended_savepoints(self) -> None:
        """Forget the savepoints that were released: they cannot be rolled back any more."""
        self.savepoints &= _savepoints(connections[self.using])

    def is_at(self, connection: BaseDatabaseWrapper) -> bool:
        """Whether what is written on ``connection`` now would share its fate."""
        return self.savepoints == _savepoints(connection) and self.transaction == _transaction(
            connection
        )

    def shares_fate(self, other: Write) -> bool:
        """Whether both are committed together or undone together."""
        return self.savepoints == other.savepoints and self.transaction == other.transaction


def merged(writes: tuple[Write, ...]) -> list[Write]:
    """As few writes as there are fates: at most one per open savepoint."""
    fewer: list[Write] = []
    for write in writes:
        write.leave_ended_savepoints()
        if fewer and fewer[-1].shares_fate(write):
            fewer[-1].values.update(write.values)
        else:
            fewer.append(write)
    return fewer


def _savepoints(connection: BaseDatabaseWrapper) -> frozenset[str]:
    """Ids of the open savepoints; Django marks blocks that have none with None."""
    if not connection.savepoint_ids:
        return _NONE
    return frozenset(filter(None, connection.savepoint_ids))


def _transaction(connection: BaseDatabaseWrapper) -> tuple[Any, str | None] | None:
    """The outermost atomic block, with its savepoint; blocks of ``TestCase`` do not count."""
    blocks = connection.atomic_blocks
    if blocks and not _is_of_testcase(blocks[0]):
        return blocks[0], None
    for block, savepoint in zip(blocks[1:], connection.savepoint_ids, strict=False):
        if not _is_of_testcase(block):
            return block, savepoint
    return None


def in_own_transaction(connection: BaseDatabaseWrapper) -> bool:
    """Whether a transaction is open that is not just the one of ``TestCase``."""
    blocks = connection.atomic_blocks
    return bool(blocks) and not _is_of_testcase(blocks[-1])


def _in_test(connection: BaseDatabaseWrapper) -> bool:
    """Whether ``TestCase`` has wrapped a transaction around everything.

    It is never committed. There, what a test's own transaction did counts as committed when it
    ends, so that a test sees what production sees.
    """
    blocks = connection.atomic_blocks
    return bool(blocks) and _is_of_testcase(blocks[0])


def _is_of_testcase(block: Any) -> bool:
    """Django lets durable blocks into tests by the same mark."""
    return bool(getattr(block, "_from_testcase", False))
