"""What an instance was at the last commit, and what was written since: its history.

A write is settled by its transaction, which Django tells only by halves: it runs an
``on_commit`` callback after a commit, and drops it, unsaid, when the transaction or the
savepoint is rolled back. So nothing but Django holds the callback of a write, and a callback
that has vanished means that the write was undone. (Where memory is not freed at once, as under
PyPy, an undone write may count for a while: too much is reported, never too little.)
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from pigeon.tracking.values import UNKNOWN

_KEY = "pigeon_history"
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

    def shares_fate(self, other: Write) -> bool:
        """Whether both are committed together or undone together."""
        return self.savepoints == other.savepoints and self.transaction == other.transaction


class Handling:
    """A save, or a change of an m2m relation, that is going on.

    Attributes:
        scope: attnames of the fields it writes; None for all.
        write: where it notes what it wrote; None for a change of a relation.
        relations: names of the m2m fields it changes.
        sent: True when its SQL was sent.
        over: True as soon as its handlers have run.
    """

    __slots__ = ("over", "relations", "scope", "sent", "write")

    def __init__(
        self,
        scope: frozenset[str] | None,
        write: Write | None = None,
        relations: frozenset[str] = frozenset(),
    ) -> None:
        self.scope = scope
        self.write = write
        self.relations = relations
        self.sent = False
        self.over = False


class History(NamedTuple):
    """The history of one instance. Never changed, only replaced: copies of instances share it.

    Attributes:
        known: attname → value at the last commit; what is missing is not known.
        db: alias of the database that ``known`` is about.
        writes: what was written since, oldest first.
        handlings: what is going on, outermost first.
    """

    known: Mapping[str, Any]
    db: str | None
    writes: tuple[Write, ...] = ()
    handlings: tuple[Handling, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave what is bound to this thread's transaction out of pickles and deep copies."""
        settled = self.settled()
        return History, (settled.known, settled.db)

    def settled(self) -> History:
        """The same after all that was committed or undone meanwhile."""
        waiting, known = [], self.known
        for write in self.writes:
            if write.is_undone():
                continue
            if write.is_committed():
                known = overlaid(known, write.values)
            else:
                waiting.append(write)
        if len(waiting) == len(self.writes):
            return self
        return History(known, self.db, tuple(waiting), self.handlings)

    def last(self, name: str, default: Any) -> Any:
        """What was last written or else committed under the attname ``name``."""
        for write in reversed(self.writes):
            if name in write.values:
                return write.values[name]
        return self.known.get(name, default)

    def written(self) -> dict[str, Any]:
        """All that was written and is not committed, attname → value."""
        values: dict[str, Any] = {}
        for write in self.writes:
            values.update(write.values)
        return values

    def handling(self) -> Handling | None:
        """What is going on, innermost, if anything is."""
        return next((each for each in reversed(self.handlings) if not each.over), None)

    def begin(self, handling: Handling) -> History:
        """The same with ``handling`` going on."""
        going = self.handlings and tuple(each for each in self.handlings if not each.over)
        handlings = (*going, handling)
        return History(self.known, self.db, self.writes, handlings)

    def open_write(self, connection: BaseDatabaseWrapper) -> tuple[History, Write]:
        """A write at the present place of the transaction on ``connection``."""
        new = Write(connection)
        if self.writes and self.writes[-1].shares_fate(new):
            return self, self.writes[-1]
        writes = _merged(self.writes)
        if writes and writes[-1].shares_fate(new):
            new = writes.pop()
        else:
            new.await_commit()
        return History(self.known, self.db, (*writes, new), self.handlings), new


def history_of(instance: Model) -> History | None:
    """The settled history, or None if the instance was neither loaded nor saved before us."""
    history: History | None = instance._state.__dict__.get(_KEY)
    if history is None or not history.writes:
        return history
    return set_history(instance, history.settled())


def set_history(instance: Model, history: History) -> History:
    """Give ``instance`` a history. It lives in ``_state``, out of the way of users' code."""
    instance._state.__dict__[_KEY] = history
    return history


def overlaid(known: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """``known`` with ``values`` over it; what is unknown is left out."""
    both = {**known, **values}
    for name, value in values.items():
        if value is UNKNOWN:
            del both[name]
    return both


def _merged(writes: tuple[Write, ...]) -> list[Write]:
    """As few writes as there are fates: at most one per open savepoint."""
    merged: list[Write] = []
    for write in writes:
        write.leave_ended_savepoints()
        if merged and merged[-1].shares_fate(write):
            merged[-1].values.update(write.values)
        else:
            merged.append(write)
    return merged


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
