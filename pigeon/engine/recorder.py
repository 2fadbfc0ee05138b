"""Gathers a lane's results and writes them in batches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from django.db import Error as AnyDatabaseError

from pigeon import queue
from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.engine import slots
from pigeon.engine.context import Context
from pigeon.engine.journal import journal
from pigeon.engine.news import News
from pigeon.engine.prepare import Ready
from pigeon.models.attempt import Outcome
from pigeon.parcel import Parcel
from pigeon.queue import Result

logger = logging.getLogger("pigeon.engine")

#: Seconds after which even a few results are written.
INTERVAL = 0.5
#: Seconds before each new try to write results that the database refused.
WAITS = (0.2, 1.0, 5.0)


class Recorder:
    """The writing half of a lane.

    Args:
        context: what all lanes of the run share.
        destination: whose lane it is.
        using: alias of the queue's database.
        token: the lane's token, which holds the paths.
        recorded: called with the ids of the items and the paths that are free again.
    """

    def __init__(
        self,
        context: Context,
        destination: Destination,
        using: str,
        token: str,
        recorded: Callable[[set[int], set[str]], None],
    ) -> None:
        self._context = context
        self._destination = destination
        self._about = {"destination": destination.name}
        self._using = using
        self._token = token
        self._recorded = recorded
        self._results: list[Result] = []
        self._paths: set[str] = set()
        self._news = News(context, destination, using)
        self._is_well = self._is_well_again = False
        self._full = asyncio.Event()
        self._writing = asyncio.Lock()

    def add(self, results: Iterable[Result], ready: Ready | None = None) -> None:
        """Take results; ``ready`` is what they are of, whose paths become free."""
        if ready is not None:
            self._paths |= ready.paths
            if ready.parcel is not None and ready.parcel.lacks_digests:
                results = [_with_digests(each, ready.parcel) for each in results]
        self._results.extend(results)
        if len(self._results) >= conf.BATCH_SIZE:
            self._full.set()

    async def run(self) -> None:
        """Write whenever a batch is full or some time has passed, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(INTERVAL):
                    await self._full.wait()
            except TimeoutError:
                pass
            await self.flush()

    async def flush(self) -> None:
        """Write all results gathered so far. Not interrupted by a cancellation.

        Raises:
            django.db.Error: the database refused for several seconds. The results are kept for
                another try; without one, the leases end, and whoever takes the items over
                looks at the destination before sending again.
        """
        await asyncio.shield(self._flush())

    async def _flush(self) -> None:
        async with self._writing:
            results, self._results = self._results, []
            paths, self._paths = self._paths, set()
            self._full.clear()
            if not results and not paths:
                return
            try:
                written = await self._write(results, paths)
            except BaseException:
                self._results, self._paths = results + self._results, paths | self._paths
                raise
            self._recorded({result.item.id for result in results}, paths)
            ours = [each for each in results if each.item.id in written]
            self._context.report(self._destination.name, ours)
            journal(self._destination.scheme, ours)
            await self._tell(ours)

    async def _tell(self, results: Sequence[Result]) -> None:
        if self._is_well_again:
            self._is_well_again = False
            await self._news.closed()
        await self._news.recorded(results)

    async def _write(self, results: Sequence[Result], paths: set[str]) -> set[int]:
        for wait in (*WAITS, None):
            try:
                return await self._context.pool.run(self._write_once, results, paths)
            except AnyDatabaseError as error:
                if wait is None:
                    raise
                text, extra = "Results could not be written, trying again: %s", self._about
                logger.warning(text, error, extra=extra)
                await asyncio.sleep(wait)
        raise AssertionError("unreachable")

    def _write_once(self, results: Sequence[Result], paths: set[str]) -> set[int]:
        owner = self._context.options.owner
        written = queue.finish(results, owner=owner, using=self._using) if results else set()
        try:
            self._conclude(results, paths)
        except AnyDatabaseError as error:  # written once, the results are not to be written again
            text, extra = "Paths could not be given back before their time: %s", self._about
            logger.warning(text, error, extra=extra)
        return written

    def _conclude(self, results: Sequence[Result], paths: set[str]) -> None:
        if paths:
            slots.free_paths(self._destination, self._token, paths)
        if not self._is_well and any(each.outcome == Outcome.PUSHED for each in results):
            self._is_well_again = queue.destination_succeeded(self._destination)
            self._is_well = True


def _with_digests(result: Result, parcel: Parcel) -> Result:
    """``result`` with what was learned of ``parcel`` by sending it."""
    unknown = {file.path for file in parcel.files if not file.sha256}
    digests = [(r.path, r.sha256) for r in result.receipts if r.path in unknown and r.sha256]
    return replace(result, digests=tuple(digests))
