"""Calls that may hang, in threads of their own.

``asyncio.to_thread`` has a handful of threads for the whole process: a few calls that hang,
such as a partner's library without a time-out, would hold up every other destination, and
the end of the process. A thread of its own that hangs holds up nobody; at the end it is left
behind.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Call = Callable[[], None]


async def in_own_thread(function: Callable[[], T]) -> T:
    """What ``function`` returns or raises, called in a new thread.

    Starting one costs less than a tenth of a millisecond.
    """
    call, answer = _prepared(function)
    threading.Thread(target=call, name="pigeon-own", daemon=True).start()
    return await answer


class OwnThread:
    """One thread that stays, for calls one after another.

    For libraries that keep their connections per thread, or whose objects must be used in the
    thread that made them.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._is_running = False

    async def run(self, function: Callable[[], T]) -> T:
        """What ``function`` returns or raises, once the calls before it have ended."""
        if not self._is_running:
            self._is_running = True
            threading.Thread(target=self._run, name="pigeon-own", daemon=True).start()
        call, answer = _prepared(function)
        self._calls.put(call)
        return await answer

    def stop(self) -> None:
        """Let the thread end when it has done what it was given; harmless twice."""
        if self._is_running:
            self._is_running = False
            self._calls.put(None)

    def _run(self) -> None:
        while call := self._calls.get():
            call()
            del call  # and with it what it holds, while waiting for the next


def _prepared(function: Callable[[], T]) -> tuple[_Call, asyncio.Future[T]]:
    """A call that any thread may make, and the future that gets its outcome in this loop."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: Any, error: BaseException | None) -> None:
        if answer.done():  # nobody waits any more
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)

    def call() -> None:
        result, error = None, None
        try:
            result = context.run(function)
        except BaseException as raised:  # noqa: BLE001 - it is raised where it is awaited
            error = raised
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, result, error)

    return call, answer
