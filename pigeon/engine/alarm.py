"""Sends alerts while a run goes on, and at its end; never in the way of a push."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from django.db import Error as AnyDatabaseError

from pigeon import alerts
from pigeon.engine.pool import Pool
from pigeon.exceptions import PigeonError
from pigeon.remotes.threads import in_own_thread

logger = logging.getLogger("pigeon.engine")

#: Seconds from the first news to the mail, so that one mail tells what happens together.
GATHER = 20.0
#: Seconds after which it is asked whether a mail that had to wait may go now.
LOOK = 60.0
#: Seconds that sending a mail may take.
LIMIT = 30.0


class Alarm:
    """Rung when there is news; a mail follows."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There is news."""
        self._rung.set()

    async def watch(self) -> None:
        """Send what there is to tell, soon after it came, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK):
                    await self._rung.wait()
                await asyncio.sleep(GATHER)
            except TimeoutError:
                pass
            self._rung.clear()
            await asyncio.shield(self.tell())

    async def tell(self) -> None:
        """Send one mail about all that is to be told now. Raises nothing."""
        try:
            await self._look()
            digest = await self._pool.run(alerts.take)
            if digest is not None and not await _is_sent(digest):
                await self._pool.run(alerts.give_back, digest)
        except AnyDatabaseError as error:
            logger.warning("Alerts could not be read or written: %s", error)

    async def _look(self) -> None:
        """Note what waits for too long; what a wrong setting raises must not end a push."""
        try:
            await self._pool.run(alerts.note_stuck)
        except AnyDatabaseError:
            raise
        except Exception:
            logger.exception("It could not be found out whether items wait for too long")


async def _is_sent(digest: alerts.Digest) -> bool:
    try:
        async with asyncio.timeout(LIMIT):
            await in_own_thread(partial(alerts.send, digest))
    except TimeoutError:
        logger.error("The alert %r was not sent within %d seconds", digest.subject, LIMIT)
    except PigeonError as error:
        logger.error("The alert %r could not be sent: %s", digest.subject, error)
    else:
        return True
    return False


@asynccontextmanager
async def alarm_for(pool: Pool) -> AsyncIterator[Alarm | None]:
    """An alarm for a run, which tells the rest at its end; ``None`` when nobody wants alerts."""
    if not alerts.are_wanted():
        yield None
        return
    alarm = Alarm(pool)
    watching = asyncio.create_task(alarm.watch())
    try:
        yield alarm
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await alarm.tell()
