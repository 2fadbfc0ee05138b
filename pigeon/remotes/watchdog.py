"""One timer for a whole connection: it ends one on which nothing moves any more.

A timer per request would be wrong on a slow line, where a request waits for the bytes of
those before it: what counts is that *something* comes back in time.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable

try:
    import fcntl
    import termios
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: How often it looks within one time-out: it ends a connection on which nothing has moved for
#: that many looks, so after one time-out and at most a quarter.
LOOKS = 4


def unacknowledged(connection: socket.socket) -> int:
    """Bytes in the system's send buffer; 0 where the system does not tell."""
    if fcntl is None or connection.fileno() < 0:
        return 0
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    except OSError:
        return 0
    return int.from_bytes(answer, sys.byteorder)


class Watchdog:
    """Calls ``abort`` when answers are awaited and none has come for ``timeout`` seconds.

    Wrap every wait in ``with watchdog:``; leaving the block counts as progress, and
    :meth:`progress` says so in the middle of a long one.

    Args:
        timeout: seconds.
        abort: ends the connection.
        unsent: how many bytes of ours the other side has not acknowledged. When it shrinks,
            that is progress, too: on a slow line the last megabytes leave our system's buffers
            long after they were written.

    Attributes:
        fired: True once it has ended the connection.
    """

    def __init__(
        self,
        timeout: float,
        abort: Callable[[], object],
        unsent: Callable[[], int] = lambda: 0,
    ) -> None:
        self.timeout = timeout
        self.fired = False
        self._abort = abort
        self._unsent = unsent
        self._unsent_before = 0
        self._loop = asyncio.get_running_loop()
        self._waiting = 0
        # No clock is read, as this is noted many times for each file.
        self._moved = False
        self._still = 0
        self._timer: asyncio.TimerHandle | None = None

    def progress(self) -> None:
        """Something came back, or was taken by the other side."""
        self._moved = True

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> None:
        if not self._waiting:
            self._moved = True
        self._waiting += 1
        if self._timer is None and not self.fired:
            self._look_later()

    def __exit__(self, *_: object) -> None:
        self._waiting -= 1
        self._moved = True

    def _look_later(self) -> None:
        self._unsent_before = self._unsent()
        self._timer = self._loop.call_later(self.timeout / LOOKS, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        moved = self._moved or self._unsent() < self._unsent_before
        self._moved, self._still = False, 0 if moved else self._still + 1
        if self._still < LOOKS:
            self._look_later()
            return
        self.fired = True
        self._abort()
