"""How many requests of one file are under way, counted by their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Window:
    """Places for requests whose answers come as callbacks.

    The first error ends it: it is raised to whoever waits, and to whoever asks later.

    Args:
        limit: how many are under way at the most.
        progress: called with each answer.
    """

    def __init__(self, limit: int, progress: Callable[[], None]) -> None:
        self._limit, self._progress = limit, progress
        self._under_way = 0
        self._error: Exception | None = None
        self._turn: asyncio.Future[None] | None = None
        self._until = limit

    async def place(self) -> None:
        """Wait for a place, and take it."""
        await self._wait(self._limit)
        self._under_way += 1

    async def empty(self) -> None:
        """Wait until all have been answered."""
        await self._wait(1)

    def answered(self, result: object, error: Exception | None) -> None:
        """One was."""
        self._under_way -= 1
        self._error = self._error or error
        self._progress()
        turn = self._turn
        if turn and not turn.done() and (self._error or self._under_way < self._until):
            turn.set_result(None)

    async def _wait(self, until: int) -> None:
        """Until fewer than ``until`` are under way."""
        while self._error is None and self._under_way >= until:
            self._until = until
            self._turn = asyncio.get_running_loop().create_future()
            await self._turn
        if self._error is not None:
            raise self._error
