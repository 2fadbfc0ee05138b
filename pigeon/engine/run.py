"""A run of the engine: starts a lane wherever work waits, until there is none."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from asgiref.sync import async_to_sync

from pigeon import queue
from pigeon.conf import conf
from pigeon.destinations import Destination, shown
from pigeon.engine.context import Context, Progress
from pigeon.engine.lane import Lane
from pigeon.engine.options import Options
from pigeon.engine.pool import make_pool
from pigeon.engine.summary import Summary
from pigeon.exceptions import NotRegistered
from pigeon.registry import registry

logger = logging.getLogger("pigeon.engine")

Key = tuple[str, str]


def push(options: Options | None = None, progress: Progress | None = None) -> Summary:
    """Push what waits, and say what came of it. SIGTERM and SIGINT end it in order.

    Raises:
        NotRegistered: an option names an unknown rule or destination.
    """
    options = options or Options()
    if options.threads:
        return asyncio.run(apush(options, progress))
    return async_to_sync(apush)(options, progress)


async def apush(options: Options | None = None, progress: Progress | None = None) -> Summary:
    """The same as :func:`push`, for callers that have an event loop."""
    options = options or Options()
    pool = make_pool(options.threads)
    context = Context(options, pool, progress)
    try:
        with _stopped_by_signals(context):
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
        self._lanes: dict[Key, tuple[Lane, asyncio.Task[None]]] = {}
        self._idle: set[Key] = set()
        self._busy: set[Key] = set()

    async def work(self) -> None:
        if self._context.options.retry_now:
            await self._context.pool.run(self._hasten)
        while not self._context.stopping.is_set():
            await self._start_lanes()
            if not self._lanes and not self._context.options.forever:
                break
            await self._wait()
            self._collect()
        await asyncio.gather(*(task for _, task in self._lanes.values()), return_exceptions=True)
        self._collect()

    async def _start_lanes(self) -> None:
        room = self._context.options.concurrency - len(self._lanes)
        if room <= 0 or not self._context.allowance(1):
            return
        skipped = {*self._lanes, *self._busy}
        if not self._context.options.forever:
            skipped |= self._idle
        for key in (await self._context.pool.run(self._find_work, skipped))[:room]:
            destination = self._destinations[key[0]]
            try:
                lane = Lane(self._context, destination, key[1])
            except Exception as error:  # noqa: BLE001 - one destination never stops another
                self._report(destination, error)
                self._idle.add(key)
                continue
            self._lanes[key] = (lane, asyncio.create_task(lane.work()))

    def _find_work(self, skipped: set[Key]) -> list[Key]:
        keys = ((name, using) for using in conf.DATABASES for name in self._destinations)
        return [key for key in keys if key not in skipped and queue.has_work(*key)]

    def _hasten(self) -> None:
        for using in conf.DATABASES:
            queue.hasten(self._destinations, using)

    async def _wait(self) -> None:
        """Until a lane ends, the run shall end, or it is time to look for work again."""
        stopping = asyncio.create_task(self._context.stopping.wait())
        tasks = [task for _, task in self._lanes.values()]
        await asyncio.wait(
            [stopping, *tasks],
            timeout=conf.POLL_INTERVAL,
            return_when=asyncio.FIRST_COMPLETED,
        )
        stopping.cancel()

    def _collect(self) -> None:
        ended = [key for key, (_, task) in self._lanes.items() if task.done()]
        if ended or not self._lanes:
            # Slots may be free again: of lanes that ended here, or in other processes.
            self._busy.clear()
        for key in ended:
            lane, task = self._lanes.pop(key)
            error = task.exception()
            if error is not None:
                self._report(lane.destination, error)
            if lane.busy:
                self._busy.add(key)
            elif error is not None or not lane.claimed:
                self._idle.add(key)

    def _report(self, destination: Destination, error: BaseException) -> None:
        text = destination.redact(f"{destination.name}: {error or type(error).__name__}")
        logger.error("A lane failed: %s", text)
        self._context.summary.errors.append(text)


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
def _stopped_by_signals(context: Context) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def stop(number: int, frame: object) -> None:
        loop.call_soon_threadsafe(context.stopping.set)

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
