"""One timer for a whole connection: it ends one on which nothing moves any more.

A timer per request would be wrong on a slow line, where a request waits for the bytes of
those before it: what counts is that *something* comes back in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Watchdog:
    """Calls ``abort`` when answers are awaited and none has come for ``timeout`` seconds.

    Wrap every wait in ``with watchdog:``; leaving the block counts as progress, and
    :meth:`progress` says so in the middle of a long one.

    Attributes:
        fired: True once it has ended the connection.
    """

    def __init__(self, timeout: float, abort: Callable[[], object]) -> None:
        self.timeout = timeout
        self.fired = False
        self._abort = abort
        self._loop = asyncio.get_running_loop()
        self._waiting = 0
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def progress(self) -> None:
        """Something came back, or was taken by the other side."""
        self._last = self._loop.time()

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> None:
        if not self._waiting:
            self.progress()
        self._waiting += 1
        if self._timer is None and not self.fired:
            self._timer = self._loop.call_later(self.timeout, self._look)

    def __exit__(self, *_: object) -> None:
        self._waiting -= 1
        self.progress()

    def _look(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        left = self._last + self.timeout - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
            return
        self.fired = True
        self._abort()
