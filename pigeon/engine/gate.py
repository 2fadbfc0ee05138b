"""A lane's gate: lets deliveries through within the destination's hours and by its rate."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from pigeon import limits, queue
from pigeon.destinations import Destination
from pigeon.engine.context import Context
from pigeon.limits import Hours, Rate

#: Seconds of the endpoint's time that are taken at once, so that one query serves many items.
AT_ONCE = 1.0
#: Seconds that a delivery waits at the gate at most; if it takes longer, the lane rests.
PATIENCE = 5.0
#: Bytes that an item is taken to have before any was seen.
USUAL_SIZE = 100_000


def gate_of(context: Context, destination: Destination) -> Gate | None:
    """The gate of a lane at ``destination``; ``None``: nothing limits it.

    Raises:
        ConfigurationError: ``rate`` or ``hours`` is malformed.
    """
    hours, rate = limits.hours_of(destination), limits.rate_of(destination)
    if hours is None and rate is None:
        return None
    return Gate(context, destination, hours, rate or Rate())


class Gate:
    """Where a lane's deliveries wait for their turn, one after another.

    Attributes:
        rests_until: the endpoint's time is given away until then (monotonic seconds); ``None``:
            our turn comes soon.
    """

    def __init__(
        self, context: Context, destination: Destination, hours: Hours | None, rate: Rate
    ) -> None:
        self.rests_until: float | None = None
        self._context = context
        self._destination = destination
        self._hours = hours
        self._rate = rate
        self._first = asyncio.Lock()
        #: Our share of the endpoint's time: how much is left, and when that begins, by our
        #: clock; and when it ends, by the database's.
        self._left, self._next = 0.0, 0.0
        self._end: datetime | None = None
        self._passed, self._bytes = 1, USUAL_SIZE

    @property
    def is_shut(self) -> bool:
        """Whether nothing more may begin in this lane."""
        if self.rests_until is not None:
            return True
        return self._hours is not None and not self._hours.is_open(datetime.now(UTC))

    def batch(self, limit: int) -> int:
        """How many of ``limit`` items the lane should hold: no more than can go soon."""
        each = self._rate.cost(self._bytes // self._passed)
        return limit if not each else max(1, min(limit, int(PATIENCE / each)))

    async def turn(self, size: int) -> None:
        """Wait until an item of ``size`` bytes may go; the gate is shut if that is too long.

        Raises:
            django.db.Error: the endpoint's time could not be asked for.
        """
        cost = self._rate.cost(size)
        if not cost:
            return
        async with self._first:
            if self.is_shut or self._context.stopping.is_set():
                return
            if not self._has(cost) and not await self._take(cost):
                return
            wait = self._next - time.monotonic()
            self._next, self._left = self._next + cost, self._left - cost
            self._passed, self._bytes = self._passed + 1, self._bytes + size
            await self._pause(wait)

    async def close(self) -> None:
        """Give back what was taken for nothing.

        Raises:
            django.db.Error: the database refused; then it passes unused.
        """
        if self._left > 0 and self._end is not None:
            start = self._end - timedelta(seconds=self._left)
            await self._context.pool.run(queue.give_time_back, self._destination, start, self._end)

    def _has(self, cost: float) -> bool:
        """Whether our share is large enough, and has not passed by unused."""
        return self._left >= cost and time.monotonic() <= self._next + self._left + AT_ONCE

    async def _take(self, cost: float) -> bool:
        length = max(cost, AT_ONCE)
        share = await self._context.pool.run(
            queue.take_time, self._destination, length, patience=PATIENCE
        )
        if not share.is_ours:
            self.rests_until = time.monotonic() + share.wait
            return False
        if share.start != self._end:  # others had theirs in between: what was left has passed
            self._left, self._next = 0.0, time.monotonic() + share.wait
        self._left += length
        self._end = share.start + timedelta(seconds=length)
        return True

    async def _pause(self, seconds: float) -> None:
        """Not slept to the end when the run shall stop."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._context.stopping.wait()
            except TimeoutError:
                pass
