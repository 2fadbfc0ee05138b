"""A lane: all work for one destination, from claim to record, beside all other lanes."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import uuid
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any

from django.utils import timezone

from pigeon import queue
from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.engine import slots
from pigeon.engine.connection import Connection
from pigeon.engine.context import Context
from pigeon.engine.courier import Courier
from pigeon.engine.gate import gate_of
from pigeon.engine.lease import Lease, boot_time, lasts_until
from pigeon.engine.prepare import Prepared, Ready, Reserved, prepare, reserve
from pigeon.engine.recorder import Recorder
from pigeon.engine.renewal import renew
from pigeon.exceptions import DeliveryError
from pigeon.models.item import ItemToPush
from pigeon.queue import Result
from pigeon.senders.registry import make_sender

logger = logging.getLogger("pigeon.engine")

#: How often, and how many seconds apart, paths that another worker uses are asked for again.
PATH_TRIES, PATH_WAIT = 20, 0.5
#: Of a batch, so many items are exported before leases may be renewed and results recorded: a
#: rule's templates may be slow, and there may be one thread for all that.
EXPORTED_AT_ONCE = 100
#: Seconds. If that many items took no longer, twice as many are exported next: each part costs a
#: dozen queries.
QUICK = 0.25
#: Items that are claimed before a connection is open, if there are other lanes, and not exported:
#: a destination that hangs or refuses costs them no more than that. More are claimed when it is
#: open. It is not opened first, since other workers would log in, too, for what one of them sends.
FIRST_BATCH = 4


class Lane:
    """Claims, exports, sends and records items for one destination until none is left.

    Args:
        context: what all lanes of a run share.
        destination: whose lane it is.
        using: alias of the database whose queue is worked off.

    Attributes:
        claimed: how many items the lane has claimed.
        busy: what it needs is taken, by another lane or process: all connection slots of the
            endpoint, or the rest of the run's limit.
    """

    def __init__(self, context: Context, destination: Destination, using: str) -> None:
        self.destination = destination
        self.using = using
        self.claimed = 0
        self.busy = False
        self._context = context
        self._token = uuid.uuid4().hex
        self._lease = Lease(conf.LEASE_DURATION)
        self._courier = Courier(context, destination, using, self._lease)
        self._recorder = Recorder(context, destination, using, self._token, self._recorded)
        self._ready: asyncio.Queue[Ready] = asyncio.Queue(conf.BATCH_SIZE)
        self._blocked: list[Ready] = []
        self._paths: set[str] = set()
        self._items: dict[int, ItemToPush] = {}
        #: Items whose sending has begun, or ended before it began: what came of it is recorded,
        #: or found out later by whoever takes them over, but never given back as if nothing
        #: had been.
        self._begun: set[int] = set()
        #: Connections, each as often as it can carry one more delivery at the same time.
        self._idle: deque[Connection] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._first: int = conf.BATCH_SIZE
        #: Until when (:func:`boot_time`) the slot that was taken first is surely ours.
        self._slot_until = 0.0
        self._part = EXPORTED_AT_ONCE
        self._failure: BaseException | None = None
        self._is_alone = True
        self._opened = asyncio.Event()
        self._gate = gate_of(context, destination)
        limits = make_sender(destination)
        self._max_connections, self._in_flight = limits.connections, limits.in_flight
        #: Those that are left are for other processes of the same push.
        self._share = math.ceil(limits.connections / context.options.processes)

    @property
    def _closed(self) -> bool:
        if self._context.stopping.is_set() or self._failure or self._courier.probe:
            return True
        return self._gate is not None and self._gate.is_shut

    @property
    def rests_until(self) -> float | None:
        """Until when (monotonic seconds) the rate lets nothing go; ``None``: it does."""
        return None if self._gate is None else self._gate.rests_until

    async def work(self) -> None:
        """Run until nothing is left that can be sent now."""
        asked_at = boot_time()
        if not await self._take_slots(1):
            self.busy = True
            return
        self._slot_until = lasts_until(asked_at, conf.LEASE_DURATION)
        renewing = asyncio.create_task(
            renew(self._context, self._lease, self._items, self._token, self.using)
        )
        try:
            await self._drain()
        finally:
            renewing.cancel()
            await self._context.pool.run(slots.free_all, self._token)
            if self._gate is not None:
                await self._gate.close()

    async def _drain(self) -> None:
        try:
            self._is_alone = self._context.lanes <= 1
            if not self._is_alone:
                self._first = min(FIRST_BATCH, self._first)
            if batch := await self._claim(self._first):
                await self._work_off(batch)
        finally:
            await self._give_back()

    async def _work_off(self, batch: list[ItemToPush]) -> None:
        expected = len(batch) if len(batch) < self._first else conf.BATCH_SIZE
        wanted = math.ceil(expected / self._in_flight)
        wanted = min(wanted, self._share)
        is_enough = wanted == 1 and boot_time() < self._slot_until
        number = 1 if is_enough else await self._take_slots(wanted)
        if not number:
            self.busy = True  # we were stopped for so long that somebody else has our slot
            return
        connections = [Connection(self.destination, self._opened) for _ in range(number)]
        # With a gate, nobody knows yet whether anything may go.
        opening = [each.begin() for each in connections] if self._gate is None else []
        # In turn, so that all connections have their share of a few.
        self._idle = deque(connections * self._in_flight)
        self._tasks = [asyncio.create_task(self._record())]
        try:
            asked = self._first
            if opening and not self._is_alone:
                batch, asked = await self._with_contact(opening, batch), conf.BATCH_SIZE
            while batch:
                await self._feed(batch)
                # The queue is nearly empty, or this is a probe: wait for what comes of it.
                await (self._settle() if len(batch) < asked else self._before_more())
                asked = conf.BATCH_SIZE
                batch = await self._claim(asked)
            await self._settle()
        except BaseException as error:
            self._fail(error)
            # What is in flight ends by itself; what is not yet is given back.
            await self._ready.join()
            raise
        finally:
            await _end(self._tasks)
            await asyncio.gather(*(connection.close() for connection in connections))
        if self._failure is not None:
            raise self._failure

    async def _take_slots(self, wanted: int) -> int:
        taken = await self._context.pool.run(
            slots.take_slots, self.destination, self._token, self._max_connections, wanted
        )
        return len(taken)

    async def _before_more(self) -> None:
        """Wait until a connection is open, or nothing is left that could need one."""
        if not self._opened.is_set():
            await self._contact(self._ready.join())

    async def _with_contact(
        self, opening: Sequence[asyncio.Task[Any]], first: list[ItemToPush]
    ) -> list[ItemToPush]:
        """Wait for a connection before anything is exported; what is to be sent then."""
        started = timezone.now()
        await self._contact(self._context.stopping.wait(), asyncio.wait(opening))
        if self._opened.is_set():
            is_all = len(first) < self._first
            return first if is_all else first + await self._claim(conf.BATCH_SIZE - len(first))
        if all(each.done() for each in opening):
            error = opening[0].exception()
            assert isinstance(error, DeliveryError)  # see Connection.sender
            self._begun |= {item.id for item in first}
            self._recorder.add(await self._courier.refused(first, error, started))
        return []

    async def _contact(self, *others: Coroutine[Any, Any, object]) -> None:
        """Wait until a connection is open, or one of ``others`` is done."""
        waits = [asyncio.create_task(each) for each in (self._opened.wait(), *others)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(waits)

    async def _claim(self, size: int) -> list[ItemToPush]:
        if self._gate is not None:
            size = self._gate.batch(size)
        limit = 0 if self._closed else self._context.take_allowance(size)
        if not limit:
            self.busy = not self._closed and not self.claimed
            return []
        asked_at = boot_time()
        items: list[ItemToPush] = []
        try:
            items = await self._context.pool.run(
                queue.claim,
                self.destination,
                owner=self._context.options.owner,
                limit=limit,
                using=self.using,
                rules=self._context.options.rules,
            )
        finally:
            self._context.return_allowance(limit - len(items))
        self.claimed += len(items)
        self._items.update({item.id: item for item in items})
        self._lease.confirm({item.id for item in items}, asked_at)
        return items

    async def _feed(self, items: Sequence[ItemToPush]) -> None:
        """Export ``items`` and hand them to the connections."""
        left = list(items)
        while left:
            part, left = left[: self._part], left[self._part :]
            if not self._closed:
                await self._prepare(part)
        tries = PATH_TRIES
        while self._blocked and tries and not self._closed:
            await self._settle()
            blocked, self._blocked = self._blocked, []
            if await self._enqueue(blocked) == 0:
                tries -= 1
                await asyncio.sleep(PATH_WAIT)
        self._recorder.add(Result(each.item, None) for each in self._blocked)
        self._blocked = []

    async def _prepare(self, items: Sequence[ItemToPush]) -> None:
        started = time.monotonic()
        prepared: Prepared = await self._context.pool.run(
            prepare, self.destination, items, self.using
        )
        quick = time.monotonic() - started < QUICK
        self._part = min(2 * self._part, conf.BATCH_SIZE) if quick else EXPORTED_AT_ONCE
        self._begun |= {result.item.id for result in prepared.results}
        self._recorder.add(prepared.results)
        await self._enqueue(prepared.ready)

    async def _enqueue(self, ready: Sequence[Ready]) -> int:
        """Queue for sending what has its paths free; how many those were."""
        free = [each for each in ready if self._paths_are_free(each)]
        reserved: Reserved = await self._context.pool.run(
            reserve, self.destination, free, self._token, self.using
        )
        sent = {each.item.id for each in reserved.ready}
        for each in free:
            if each.item.id not in sent:
                self._paths -= each.paths
        self._blocked += reserved.blocked
        for each in reserved.ready:
            if self._idle:
                serve = self._serve(self._idle.popleft())
                self._tasks.append(asyncio.create_task(serve))
            await self._ready.put(each)
        if reserved.outdated:
            await self._prepare(reserved.outdated)
        return len(reserved.ready)

    def _paths_are_free(self, ready: Ready) -> bool:
        """Whether no delivery of this lane, in flight or before it, has a path in common."""
        before = (self._paths, *(other.paths for other in self._blocked))
        if not all(map(ready.paths.isdisjoint, before)):
            self._blocked.append(ready)
            return False
        self._paths |= ready.paths
        return True

    async def _serve(self, connection: Connection) -> None:
        while True:
            ready = await self._ready.get()
            try:
                await self._deliver(connection, ready)
            except Exception as error:  # noqa: BLE001 - without us, the lane would wait for ever
                self._fail(error)
            finally:
                self._ready.task_done()

    async def _deliver(self, connection: Connection, ready: Ready) -> None:
        result: Result | None = Result(ready.item, None)
        if self._gate is not None and not self._closed:
            await self._gate.turn(ready.parcel.size if ready.parcel else 0)
        if not self._closed:
            self._begun.add(ready.item.id)
            result = await self._courier.deliver(connection, ready)
        if result is None:  # somebody else's by now
            self._forget({ready.item.id})
        self._recorder.add([] if result is None else [result], ready)

    async def _record(self) -> None:
        try:
            await self._recorder.run()
        except Exception as error:  # noqa: BLE001 - without records, nothing more may be sent
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Begin nothing more; the first error is the lane's."""
        self._failure = self._failure or error

    def _recorded(self, item_ids: set[int], paths: set[str]) -> None:
        self._paths -= paths
        self._forget(item_ids)

    def _forget(self, item_ids: set[int]) -> None:
        self._lease.forget(item_ids)
        self._begun -= item_ids
        for pk in item_ids:
            self._items.pop(pk, None)

    async def _settle(self) -> None:
        """Wait until all that was queued is sent and recorded."""
        await self._ready.join()
        await self._recorder.flush()

    async def _give_back(self) -> None:
        """Whatever ended the lane, items that nobody sent become claimable again."""
        untried = [item for pk, item in self._items.items() if pk not in self._begun]
        self._recorder.add(Result(item, None) for item in untried)
        await self._recorder.flush()


async def _end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
