"""Several steps at the same time, but not more than a connection can carry."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Flight:
    """A task group with a limit, whose first error comes out as itself.

    ::

        async with Flight(64) as flight:
            for block in blocks:
                await flight.start(write(block))

    Steps start in the order of the calls. After the first error the others are cancelled,
    and the error is raised when the block ends, without an exception group around it.

    Args:
        limit: how many steps run at once; :meth:`start` waits for a free place.
    """

    def __init__(self, limit: int) -> None:
        self._places = asyncio.Semaphore(limit)
        self._group = asyncio.TaskGroup()

    async def start(self, step: Coroutine[Any, Any, object]) -> None:
        """Run ``step`` as soon as there is a place; returns when it has started."""
        try:
            await self._places.acquire()
            task = self._group.create_task(step)
        except BaseException:
            step.close()
            raise
        task.add_done_callback(lambda _: self._places.release())

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._group.__aexit__(kind, error, traceback)
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
