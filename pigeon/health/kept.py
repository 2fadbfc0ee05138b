"""The latest verdict, kept for a few seconds, so that strangers cannot load the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pigeon.health.verdict import Health, unknown

#: Seconds for which a verdict is good.
GOOD = 5.0
#: Seconds that a request waits for a look that another one has begun.
PATIENCE = 5.0


class Kept:
    """Asks at most once in :data:`GOOD` seconds, and only one thread at a time.

    Args:
        ask: finds out; what it raises counts as "unknown".
    """

    def __init__(self, ask: Callable[[], Health]) -> None:
        self._ask = ask
        self._asking = threading.Lock()
        self._latest: tuple[float, Health] | None = None

    def __call__(self) -> Health:
        """The verdict, at most :data:`GOOD` seconds old; an older one while others ask."""
        if found := self._fresh():
            return found
        latest = self._latest
        if not self._asking.acquire(timeout=0 if latest else PATIENCE):
            return latest[1] if latest else unknown("the database does not answer")
        try:
            return self._fresh() or self._renewed()
        finally:
            self._asking.release()

    def forget(self) -> None:
        """Ask again next time."""
        self._latest = None

    def _fresh(self) -> Health | None:
        latest = self._latest
        return latest[1] if latest and time.monotonic() - latest[0] < GOOD else None

    def _renewed(self) -> Health:
        try:
            found = self._ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "unknown"
            found = unknown(f"{type(error).__name__}: {error}")
        self._latest = (time.monotonic(), found)
        return found
