"""A run of the engine: starts a lane wherever work waits, until there is none."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from asgiref.sync import async_to_sync
from django.db import Error as AnyDatabaseError

from pigeon import limits, queue
from pigeon.conf import conf
from pigeon.destinations import Destination, shown
from pigeon.engine.alarm import alarm_for
from pigeon.engine.context import Context, Progress
from pigeon.engine.lane import Lane
from pigeon.engine.memory import fewer_searches
from pigeon.engine.options import Options
from pigeon.engine.pool import make_pool
from pigeon.engine.summary import Summary
from pigeon.exceptions import NotRegistered
from pigeon.models.chunks import chunks
from pigeon.registry import registry

logger = logging.getLogger("pigeon.engine")

Key = tuple[str, str]
#: Seconds that a run that drains the queue waits for a destination whose rate lets nothing go.
PATIENCE = 60
#: Of so many destinations one query asks whether they have work.
ASKED_AT_ONCE = 50
#: Seconds after which the hours of a destination are looked at again.
HOURS_INTERVAL = 60


def push(
    options: Options | None = None,
    progress: Progress | None = None,
    stopped: Callable[[], None] | None = None,
) -> Summary:
    """Push what waits, and say what came of it. SIGTERM and SIGINT end it in order.

    Args:
        options: which items to push, and how.
        progress: is told of results as they are recorded.
        stopped: is called when such a signal comes, before the end.

    Raises:
        NotRegistered: an option names an unknown rule or destination.
    """
    options = options or Options()
    if options.threads:
        with fewer_searches():
            return asyncio.run(apush(options, progress, stopped))
    return async_to_sync(apush)(options, progress, stopped)


async def apush(
    options: Options | None = None,
    progress: Progress | None = None,
    stopped: Callable[[], None] | None = None,
) -> Summary:
    """The same as :func:`push`, for callers that have an event loop."""
    options = options or Options()
    pool = make_pool(options.threads)
    try:
        async with alarm_for(pool) as alarm:
            context = Context(options, pool, progress, alarm)
            with _stopped_by_signals(context, stopped):
                await _Run(context).work()
    finally:
        await pool.close()
    context.summary.stopped = context.stopping.is_set()
    return context.summary


class _Run:
    """Lanes by destination and database, and which of them have nothing to do."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._destinations = chosen_destinations(context.options)
        #: Those that were served last come last.
        self._keys = [(name, using) for using in conf.DATABASES for name in self._destinations]
        self._lanes: dict[Key, tuple[Lane, asyncio.Task[None]]] = {}
        #: Until when (monotonic seconds) nobody looks there: nothing could be done there.
        self._resting: dict[Key, float] = {}
        #: Until when (monotonic seconds) the rate there lets nothing go.
        self._turns: dict[Key, float] = {}
        self._busy: set[Key] = set()

    async def work(self) -> None:
        """Until nothing is left, or until the run is stopped; lanes end in order in any case."""
        try:
            await self._work()
        except BaseException:
            self._context.stopping.set()
            raise
        finally:
            tasks = [task for _, task in self._lanes.values()]
            await asyncio.gather(*tasks, return_exceptions=True)
            self._collect()

    async def _work(self) -> None:
        if self._context.options.retry_now:
            await self._context.pool.run(self._hasten)
        while not self._context.stopping.is_set():
            await self._start_lanes()
            if not self._lanes and not self._goes_on():
                break
            await self._wait()
            self._collect()

    def _goes_on(self) -> bool:
        """Whether a run without lanes shall stay: a worker does, or it is another's turn soon."""
        soon = time.monotonic() + PATIENCE
        is_soon = not self._context.is_spent and any(at < soon for at in self._turns.values())
        return self._context.options.forever or is_soon

    async def _start_lanes(self) -> None:
        now = time.monotonic()
        self._turns = {key: until for key, until in self._turns.items() if until > now}
        room = self._context.options.concurrency - len(self._lanes)
        if room <= 0 or self._context.is_spent:
            return
        resting = {key for key, until in self._resting.items() if until > now}
        for key in await self._find({*self._lanes, *self._busy, *resting, *self._turns}, room):
            destination = self._destinations[key[0]]
            try:
                lane = Lane(self._context, destination, key[1])
            except Exception as error:  # noqa: BLE001 - one destination never stops another
                self._report(destination, error)
                self._rest(key)
                continue
            self._lanes[key] = (lane, asyncio.create_task(lane.work()))
        self._context.lanes = len(self._lanes)

    async def _find(self, skipped: set[Key], room: int) -> list[Key]:
        """Up to ``room`` lanes that have work; a worker that stays asks again after an error."""
        try:
            found = await self._context.pool.run(self._find_work, skipped, room)
        except AnyDatabaseError as error:
            if not self._context.options.forever:
                raise
            logger.warning("The queue cannot be read, trying again: %s", error)
            return []
        self._keys = [key for key in self._keys if key not in found] + found
        return found

    def _find_work(self, skipped: set[Key], room: int) -> list[Key]:
        """In turn, and no longer than it takes: there may be thousands of destinations."""
        found: list[Key] = []
        for keys in chunks([key for key in self._keys if key not in skipped], ASKED_AT_ONCE):
            work = self._with_work(keys)
            found += [key for key in keys if key in work and self._is_open(key)]
            if len(found) >= room:
                break
        return found[:room]

    def _with_work(self, keys: Sequence[Key]) -> set[Key]:
        found: set[Key] = set()
        for using in {using for _, using in keys}:
            asked = {name: self._destinations[name] for name, alias in keys if alias == using}
            found |= {(name, using) for name in queue.with_work(asked, using)}
        return found

    def _is_open(self, key: Key) -> bool:
        """Whether it is within the destination's hours; if not, it rests."""
        opens = limits.opens(self._destinations[key[0]], datetime.now(UTC))
        if opens is None:
            self._context.summary.out_of_hours.pop(key[0], None)
            return True
        self._context.summary.out_of_hours[key[0]] = opens
        forever = self._context.options.forever
        self._resting[key] = time.monotonic() + HOURS_INTERVAL if forever else math.inf
        return False

    def _hasten(self) -> None:
        for using in conf.DATABASES:
            queue.hasten(self._destinations, using)

    async def _wait(self) -> None:
        """Until a lane ends, the run shall end, or it is time to look for work again."""
        stopping = asyncio.create_task(self._context.stopping.wait())
        tasks = [task for _, task in self._lanes.values()]
        try:
            await asyncio.wait(
                [stopping, *tasks],
                timeout=self._pause(),
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            stopping.cancel()

    def _pause(self) -> float:
        """Seconds until the next look at the queue."""
        rest = min(self._turns.values(), default=math.inf) - time.monotonic()
        return max(0.0, min(conf.POLL_INTERVAL, rest))

    def _collect(self) -> None:
        ended = {key: self._lanes[key] for key, (_, task) in self._lanes.items() if task.done()}
        busy = {key for key, (lane, _) in ended.items() if lane.busy}
        if len(ended) > len(busy) or not self._lanes:
            # Slots may be free again: of lanes that ended here, or in other processes.
            self._busy.clear()
        else:
            self._busy |= busy
        for key, (lane, task) in ended.items():
            del self._lanes[key]
            self._context.lanes = len(self._lanes)
            error = _error_of(task)
            if error is not None:
                self._report(lane.destination, error)
            if key not in busy and (error is not None or not lane.claimed):
                self._rest(key)
            elif lane.rests_until is not None:
                self._turns[key] = lane.rests_until

    def _rest(self, key: Key) -> None:
        """Do not try there again in this run; a worker that stays does, after a while."""
        forever = self._context.options.forever
        self._resting[key] = time.monotonic() + conf.POLL_INTERVAL if forever else math.inf

    def _report(self, destination: Destination, error: BaseException) -> None:
        text = destination.redact(f"{destination.name}: {error or type(error).__name__}")
        logger.error("A lane failed: %s", text, extra={"destination": destination.name})
        self._context.summary.add_error(text)


def _error_of(task: asyncio.Task[None]) -> BaseException | None:
    return asyncio.CancelledError("cancelled") if task.cancelled() else task.exception()


def chosen_destinations(options: Options) -> dict[str, Destination]:
    """Name → destination, for those that ``options`` ask for; all, when it names none.

    Raises:
        NotRegistered: a rule or destination is unknown.
    """
    for rule in options.rules:
        registry.get(rule)
    known = registry.destinations()
    unknown = set(options.destinations) - known.keys()
    if unknown:
        raise NotRegistered(
            f"Unknown destination: {', '.join(sorted(map(shown, unknown)))}. "
            f"Known: {', '.join(sorted(known)) or 'none'}."
        )
    return {
        name: destination
        for name, destination in known.items()
        if not options.destinations or name in options.destinations
    }


@contextmanager
def _stopped_by_signals(context: Context, stopped: Callable[[], None] | None) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: object) -> None:
        loop.call_soon_threadsafe(context.stopping.set)
        if stopped is not None:
            stopped()

    try:
        previous = {number: signal.signal(number, stop) for number in _SIGNALS}
    except ValueError:  # not the main thread: whoever runs it there handles signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGTERM, signal.SIGINT)
