"""Tells of what was recorded at one destination: receivers of signals, readers of alerts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import Error as AnyDatabaseError

from pigeon import alerts
from pigeon.alerts.notes import NAMED
from pigeon.destinations import Destination
from pigeon.engine.context import Context
from pigeon.models.attempt import Outcome
from pigeon.models.chunks import chunks
from pigeon.models.item import ItemToPush
from pigeon.queue import Result
from pigeon.signals import destination_closed, destination_opened, item_failed, item_pushed

logger = logging.getLogger("pigeon.engine")


class News:
    """What a lane has to tell; costs nothing when nobody listens.

    Everything is told after it was committed, in a thread for database work. A receiver that
    raises is logged by Django; nothing that fails here fails a push.
    """

    def __init__(self, context: Context, destination: Destination, using: str) -> None:
        self._context = context
        self._destination = destination
        self._using = using

    async def recorded(self, results: Sequence[Result]) -> None:
        """``results`` were written."""
        failed = [each for each in results if each.outcome == Outcome.FAILED]
        pushed = [each for each in results if each.outcome == Outcome.PUSHED]
        if failed and self._context.alarm is not None:
            first = [f"{each.item}: {each.message}" for each in failed[:NAMED]]
            await self._note(alerts.note_failed, len(failed), first)
        for signal, some in ((item_pushed, pushed), (item_failed, failed)):
            if some and signal.has_listeners(ItemToPush):
                await self._run(self._send, signal, some)

    async def opened(self, reason: str, probe: datetime) -> None:
        """Nothing goes to the destination any more, until ``probe`` at least."""
        if self._context.alarm is not None:
            await self._note(alerts.note_opened, reason)
        if destination_opened.has_listeners(Destination):
            facts = {"destination": self._destination, "reason": reason, "next_probe": probe}
            await self._run(destination_opened.send_robust, Destination, **facts)

    async def closed(self) -> None:
        """The destination is well again."""
        if self._context.alarm is not None:
            await self._note(alerts.note_closed)
        if destination_closed.has_listeners(Destination):
            facts = {"destination": self._destination}
            await self._run(destination_closed.send_robust, Destination, **facts)

    async def _note(self, note: Callable[..., None], *facts: Any) -> None:
        await self._run(note, self._destination.name, *facts)
        assert self._context.alarm is not None
        self._context.alarm.ring()

    async def _run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        try:
            await self._context.pool.run(function, *args, **kwargs)
        except AnyDatabaseError as error:
            name = self._destination.name
            text = "News of %s could not be told: %s"
            logger.warning(text, name, error, extra={"destination": name})

    def _send(self, signal: Any, results: Sequence[Result]) -> None:
        """One signal for each of ``results``, with the item as it is now."""
        by_id = {each.item.id: each for each in results}
        for chunk in chunks(list(by_id)):
            items = ItemToPush.objects.using(self._using).in_bulk(chunk)
            for pk, item in items.items():
                result = by_id[pk]
                signal.send_robust(
                    ItemToPush,
                    item=item,
                    destination=self._destination,
                    message=result.message,
                    receipts=result.receipts,
                )
