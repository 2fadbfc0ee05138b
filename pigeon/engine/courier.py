"""Sends one ready item after another, and says what came of each."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.db import Error as AnyDatabaseError
from django.utils import timezone

from pigeon import queue
from pigeon.destinations import Destination
from pigeon.engine.connection import Connection, NotTried
from pigeon.engine.context import Context
from pigeon.engine.judge import Verdict, concerns_destination, judge, result_of
from pigeon.engine.lease import Lease, boot_time
from pigeon.engine.news import News
from pigeon.engine.overrun import Overrun, expired, hung, send_in_time
from pigeon.engine.prepare import Ready
from pigeon.engine.tracebacks import traceback_of
from pigeon.exceptions import (
    AmbiguousError,
    DeliveryError,
    LeaseLost,
    ParcelDamaged,
    TransientError,
)
from pigeon.models.attempt import Outcome
from pigeon.models.item import ItemToPush
from pigeon.queue import Result
from pigeon.senders.base import Delivery, Sender
from pigeon.text import storable
from pigeon.tracing import traced

logger = logging.getLogger("pigeon.engine")

#: Broken connections in a row after which the destination counts as failing.
BREAKS = 3


def _outcome(result: Result | None) -> Mapping[str, object]:
    return {"outcome": "taken over"} if result is None else result.facts


class Courier:
    """The sending half of a lane.

    Attributes:
        probe: when the destination is tried again, once it has failed as a whole; until then
            nothing more is sent.
    """

    def __init__(
        self, context: Context, destination: Destination, using: str, lease: Lease
    ) -> None:
        self.probe: datetime | None = None
        self._context = context
        self._destination = destination
        self._using = using
        self._lease = lease
        self._failing = asyncio.Lock()
        self._breaks = 0

    @traced("pigeon.deliver", lambda _, __, ready: ready.item.facts, _outcome, often=True)
    async def deliver(self, connection: Connection, ready: Ready) -> Result | None:
        """Send ``ready``; ``None`` when another worker has taken the item over.

        The result has no outcome when the item was not tried.
        """
        delivery = self._delivery(ready)
        started, clock = timezone.now(), time.perf_counter()
        verdict = Verdict(Outcome.PUSHED, ready.note, "")
        sender: Sender | None = None
        try:
            sender = await connection.sender()
            delivery.note(f"{connection.introduce()} {self._destination.url}")
            await send_in_time(sender, delivery, ready.item.expires)
            self._breaks = 0
        except NotTried:
            return Result(ready.item, None)
        except LeaseLost:
            text = "Item %s was taken over by another worker"
            logger.warning(text, ready.item.id, extra=ready.item.facts)
            return None
        except ParcelDamaged as error:
            verdict = self._damaged(ready, error)
        except Overrun as overrun:
            assert sender is not None
            verdict = await self._overran(ready, delivery, connection, sender, overrun)
        except Exception as error:  # noqa: BLE001 - whatever a sender does, the item ends right
            verdict = await self._failed(ready, connection, sender, error)
        return result_of(
            ready.item,
            verdict,
            rendered_at=ready.parcel.rendered_at if ready.parcel else None,
            started=started,
            duration=time.perf_counter() - clock,
            receipts=tuple(delivery.receipts),
            transcript=delivery.transcript.lines(self._destination.redact),
            traces=sender is not None and delivery.traces,
        )

    @traced(
        "pigeon.deliver",
        lambda _, items, *__: items[0].facts,
        lambda results: results[0].facts,
        often=True,
    )
    async def refused(
        self, items: Sequence[ItemToPush], error: DeliveryError, started: datetime
    ) -> list[Result]:
        """What comes of ``items`` when no connection can be opened, since ``started``.

        The first says why; the others were not tried.
        """
        await self._stop(error)
        first, *others = items
        return [
            result_of(
                first,
                judge(first, self._destination, error, gated=True),
                started=started,
                duration=(timezone.now() - started).total_seconds(),
                traces=False,
            ),
            *(Result(item, None) for item in others),
        ]

    def _delivery(self, ready: Ready) -> Delivery:
        item = ready.item
        return Delivery(
            action="put" if ready.parcel else "remove",
            rule=item.rule_name,
            title=item.title,
            parcel=ready.parcel,
            held=ready.held,
            remove_stale=ready.remove_stale,
            idempotency_key=_idempotency_key(ready),
            token=item.lease_token,
            stale_tokens=tuple(item.previous_token.split()),
            check_lease=partial(self._check_lease, item),
            deadline=_aware(item.expires),
        )

    async def _overran(
        self,
        ready: Ready,
        delivery: Delivery,
        connection: Connection,
        sender: Sender,
        overrun: Overrun,
    ) -> Verdict:
        # In the middle of a delivery, what was one at a time knows nothing of the next.
        hangs = not overrun.expired or sender.in_flight == 1
        broke = await connection.discard(sender, hangs=hangs)
        if overrun.expired:
            return expired(ready.item, delivery)
        error = hung(sender.delivery_timeout)
        if self._keeps_breaking(broke, error):
            await self._stop(error)
        return judge(ready.item, self._destination, error)

    async def _failed(
        self, ready: Ready, connection: Connection, sender: Sender | None, error: Exception
    ) -> Verdict:
        if not isinstance(error, DeliveryError):
            trace, item = traceback_of(error, self._destination), ready.item
            text = "Item %s: the sender failed unexpectedly\n%s"
            logger.error(text, item.id, trace, extra=item.facts)
        broke = sender is not None and await connection.discard(sender)
        failing = self._keeps_breaking(broke, error)
        gated = concerns_destination(error)
        if isinstance(error, DeliveryError) and (gated or failing):
            await self._stop(error)
        return judge(ready.item, self._destination, error, gated=gated)

    def _keeps_breaking(self, broke: bool, error: Exception) -> bool:
        """Whether connections break one after another; also if it is when an answer was due."""
        self._breaks += broke
        return self._breaks >= BREAKS and isinstance(error, TransientError | AmbiguousError)

    async def _stop(self, error: DeliveryError) -> None:
        """The destination is failing: once for all items that fail together."""
        async with self._failing:
            if self.probe is not None:
                return
            opening = await self._opening(error)
            self.probe = opening.probe
            reason = storable(self._destination.redact(str(error))) or type(error).__name__
            name = self._destination.name
            extra = {"destination": name, "reason": reason}
            logger.warning("Destination %s: %s", name, reason, extra=extra)
            if opening.is_news:
                await News(self._context, self._destination, self._using).opened(
                    reason, opening.probe
                )

    async def _opening(self, failure: DeliveryError) -> queue.Opening:
        """When the destination is probed, as the database has it; without it, in the next lane."""
        try:
            return await self._context.pool.run(
                queue.destination_failed, self._destination, failure
            )
        except AnyDatabaseError as error:
            name = self._destination.name
            text = "That %s failed could not be written: %s"
            logger.warning(text, name, error, extra={"destination": name})
            return queue.Opening(timezone.now(), is_news=False)

    def _damaged(self, ready: Ready, error: ParcelDamaged) -> Verdict:
        """Throw the damaged parcel away, so that the next attempt renders it anew."""
        if ready.parcel is not None:
            shutil.rmtree(ready.parcel.directory, ignore_errors=True)
        anew = TransientError(f"{error} It is rendered anew.")
        verdict = judge(ready.item, self._destination, anew)
        when = verdict.when
        if when is not None and not ready.item.failures:
            when = timezone.now()  # what is damaged again and again waits like any other
        return replace(verdict, error_class=type(error).__name__, when=when)

    async def _check_lease(self, item: ItemToPush) -> None:
        if self._lease.is_sure(item.id):
            return
        asked_at = boot_time()
        try:
            held = await self._context.pool.run(queue.renew, [item], self._using)
        except AnyDatabaseError as error:
            raise TransientError(
                f"The database could not be asked whether the item is still ours ({error}), so "
                "nothing was published."
            ) from error
        if item.id not in held:
            raise LeaseLost(f"Another worker has taken item {item.id} over.")
        self._lease.confirm(held, asked_at)


def _aware(moment: datetime | None) -> datetime | None:
    naive = moment is not None and timezone.is_naive(moment)
    return timezone.make_aware(moment) if moment is not None and naive else moment


def _idempotency_key(ready: Ready) -> str:
    # An object may be removed more than once, when it has come again.
    what = ready.parcel.directory.name if ready.parcel else f"removal {ready.item.id}"
    text = f"{ready.item.destination}\0{ready.item.order_key}\0{what}"
    return hashlib.sha256(text.encode()).hexdigest()
