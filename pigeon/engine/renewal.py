"""The engine's timer: what a lane holds stays its own while it works."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from django.db import Error as AnyDatabaseError

from pigeon import queue
from pigeon.conf import conf
from pigeon.engine import slots
from pigeon.engine.context import Context
from pigeon.engine.lease import Lease, boot_time
from pigeon.models.item import ItemToPush

logger = logging.getLogger("pigeon.engine")


async def renew(
    context: Context, lease: Lease, items: Mapping[int, ItemToPush], token: str, using: str
) -> None:
    """Renew the leases of ``items`` and the holds of ``token`` in time, until cancelled.

    Args:
        context: what all lanes of the run share.
        lease: is told what is surely ours.
        items: id → item, as the lane has them at each moment.
        token: the lane's, which holds its connection slots and paths.
        using: alias of the items' database.
    """
    while True:
        await asyncio.sleep(conf.LEASE_DURATION / 3)
        asked_at = boot_time()
        try:
            held = await context.pool.run(queue.renew, list(items.values()), using)
            await context.pool.run(slots.renew_holds, token)
        except AnyDatabaseError as error:
            logger.warning("Leases could not be renewed, trying again: %s", error)
        else:
            lease.confirm(held, asked_at)
