"""Locks by name, so that two threads do not render the same event at the same time."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary


class _Lock:
    """A lock that the dictionary may forget when nobody holds or awaits it."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()


class KeyedLocks:
    """One lock for each key in use."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: WeakValueDictionary[Hashable, _Lock] = WeakValueDictionary()

    @contextmanager
    def hold(self, keys: Iterable[tuple[str, ...]]) -> Iterator[None]:
        """Hold the locks of all ``keys``, taken in one order so that nobody waits in a ring."""
        with self._guard:
            locks = [self._locks.setdefault(key, _Lock()) for key in sorted(set(keys))]
        held: list[_Lock] = []
        try:
            for each in locks:
                each.lock.acquire()
                held.append(each)
            yield
        finally:
            for each in reversed(held):
                each.lock.release()
