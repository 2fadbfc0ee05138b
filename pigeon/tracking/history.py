"""What an instance was at the last commit, what was written since, and what is going on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from pigeon.tracking.values import UNKNOWN
from pigeon.tracking.writes import Write, merged

# Both live in an instance's ``_state``, out of the way of users' code.
_KEY = "pigeon_history"
_HANDLING = "pigeon_handling"


class Handling:
    """A save, or a change of an m2m relation, that is going on.

    Attributes:
        scope: attnames of the fields it writes; None for all.
        write: where it notes what it wrote; None for a change of a relation.
        relations: names of the m2m fields it changes.
        outer: what was going on already.
        sent: True when its SQL was sent.
        over: True as soon as its handlers have run; a copy of the instance may still hold it.
    """

    __slots__ = ("outer", "over", "relations", "scope", "sent", "write")

    def __init__(
        self,
        scope: frozenset[str] | None,
        write: Write | None = None,
        relations: frozenset[str] = frozenset(),
    ) -> None:
        self.scope = scope
        self.write = write
        self.relations = relations
        self.outer: Handling | None = None
        self.sent = self.over = False

    def begin(self, instance: Model) -> None:
        """Make this what is going on with ``instance``."""
        self.outer = handling_of(instance)
        instance._state.__dict__[_HANDLING] = self

    def end(self, instance: Model) -> None:
        """Make what was going on before go on."""
        self.over = True
        instance._state.__dict__[_HANDLING] = self.outer

    def __reduce__(self) -> tuple[Any, ...]:
        """Nothing is going on with what is unpickled, or with a deep copy."""
        return _nothing, ()


def handling_of(instance: Model) -> Handling | None:
    """What is going on with ``instance``, innermost, if anything is."""
    handling: Handling | None = instance._state.__dict__.get(_HANDLING)
    while handling is not None and handling.over:
        handling = handling.outer
    return handling


def _nothing() -> None:
    return None


class History(NamedTuple):
    """The history of one instance. Never changed, only replaced: copies of instances share it.

    Attributes:
        known: attname → value at the last commit; what is missing is not known.
        db: alias of the database that ``known`` is about.
        writes: what was written since, oldest first.
    """

    known: Mapping[str, Any]
    db: str | None
    writes: tuple[Write, ...] = ()

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
        return History(known, self.db, tuple(waiting))

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

    def open_write(self, connection: BaseDatabaseWrapper) -> tuple[History, Write]:
        """A write at the present place of the transaction on ``connection``."""
        if self.writes and self.writes[-1].is_at(connection):
            return self, self.writes[-1]
        writes = merged(self.writes)
        if writes and writes[-1].is_at(connection):
            return History(self.known, self.db, tuple(writes)), writes[-1]
        new = Write(connection)
        new.await_commit()
        return History(self.known, self.db, (*writes, new)), new


def history_of(instance: Model) -> History | None:
    """The settled history, or None if the instance was neither loaded nor saved before us."""
    history: History | None = instance._state.__dict__.get(_KEY)
    if history is None or not history.writes:
        return history
    return set_history(instance, history.settled())


def set_history(instance: Model, history: History) -> History:
    """Give ``instance`` a history."""
    instance._state.__dict__[_KEY] = history
    return history


def overlaid(known: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """``known`` with ``values`` over it; what is unknown is left out."""
    both = {**known, **values}
    for name, value in values.items():
        if value is UNKNOWN:
            del both[name]
    return both
