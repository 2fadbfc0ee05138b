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
from django.db.models import Model

from pigeon.tracking.values import UNKNOWN

_KEY = "pigeon_history"


class Write:
    """What saves wrote at one place in a transaction, attname → value.

    Saves under the same savepoints share a write, since they share its fate; so a loop that
    saves one instance a million times in a transaction keeps one.
    """

    __slots__ = (
        "__weakref__", "_committed", "_hook", "savepoints", "transaction", "using", "values",
    )  # fmt: skip

    def __init__(self, using: str) -> None:
        self.using = using
        self.transaction = _transaction(using)
        self.savepoints = _savepoints(using)
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
        return self._committed or (
            _in_test(self.using) and self.transaction != _transaction(self.using)
        )

    def leave_ended_savepoints(self) -> None:
        """Forget the savepoints that were released: they cannot be rolled back any more."""
        self.savepoints &= _savepoints(self.using)

    def shares_fate(self, other: Write) -> bool:
        """Whether both are committed together or undone together."""
        return (self.transaction, self.savepoints) == (other.transaction, other.savepoints)


class Handling:
    """A save, or a change of an m2m relation, that is going on.

    Attributes:
        scope: attnames of the fields it writes; None for all.
        relations: names of the m2m fields it changes.
        written: attnames of the fields whose SQL was sent.
        over: True as soon as its handlers have run.
    """

    __slots__ = ("over", "relations", "scope", "write", "written")

    def __init__(
        self,
        scope: frozenset[str] | None,
        write: Write | None = None,
        relations: frozenset[str] = frozenset(),
    ) -> None:
        self.scope = scope
        self.write = write
        self.relations = relations
        self.written: set[str] = set()
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
        writes = [write for write in self.writes if not write.is_undone()]
        waiting = tuple(write for write in writes if not write.is_committed())
        if waiting == self.writes:
            return self
        known = dict(self.known)
        for write in writes:
            if write not in waiting:
                known.update(write.values)
        known = {name: value for name, value in known.items() if value is not UNKNOWN}
        return self._replace(known=known, writes=waiting)

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
        going = tuple(each for each in self.handlings if not each.over)
        return self._replace(handlings=(*going, handling))

    def open_write(self, using: str) -> tuple[History, Write]:
        """A write at the present place of the transaction on ``using``."""
        writes = _merged(self.writes)
        new = Write(using)
        if writes and writes[-1].shares_fate(new):
            return self._replace(writes=writes), writes[-1]
        new.await_commit()
        return self._replace(writes=(*writes, new)), new


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


def _merged(writes: tuple[Write, ...]) -> tuple[Write, ...]:
    """As few writes as there are fates: at most one per open savepoint."""
    merged: list[Write] = []
    for write in writes:
        write.leave_ended_savepoints()
        if merged and merged[-1].shares_fate(write):
            merged[-1].values.update(write.values)
        else:
            merged.append(write)
    return tuple(merged)


def _savepoints(using: str) -> frozenset[str]:
    """Ids of the open savepoints; Django marks blocks that have none with None."""
    return frozenset(filter(None, connections[using].savepoint_ids))


def _transaction(using: str) -> tuple[Any, str | None] | None:
    """The outermost atomic block, with its savepoint; blocks of ``TestCase`` do not count."""
    connection = connections[using]
    savepoints = (None, *connection.savepoint_ids)  # the first block has none
    for block, savepoint in zip(connection.atomic_blocks, savepoints, strict=False):
        if not _is_of_testcase(block):
            return block, savepoint
    return None


def _in_test(using: str) -> bool:
    """Whether ``TestCase`` has wrapped a transaction around everything.

    It is never committed. There, what a test's own transaction did counts as committed when it
    ends, so that a test sees what production sees.
    """
    return any(map(_is_of_testcase, connections[using].atomic_blocks[:1]))


def _is_of_testcase(block: Any) -> bool:
    """Django lets durable blocks into tests by the same mark."""
    return bool(getattr(block, "_from_testcase", False))
