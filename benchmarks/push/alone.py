"""Pigeon's sender by itself: parcels that lie ready, without a database."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.push.measure import Took, run_here


def send(destination: str, number: int) -> Took:
    """Deliver the ``number`` newest parcels to ``destination``, on all of its connections."""
    deliveries = _deliveries(destination, number)
    return run_here(lambda: asyncio.run(_send(destination, deliveries)))


async def _send(name: str, deliveries: list[Any]) -> None:
    from pigeon.registry import registry
    from pigeon.senders.registry import make_sender

    destination = registry.destinations()[name]
    number = min(make_sender(destination).connections, len(deliveries))
    waiting = iter(deliveries)
    await asyncio.gather(*(_serve(make_sender(destination), waiting) for _ in range(number)))


async def _serve(sender: Any, waiting: Any) -> None:
    await sender.open()

    async def work() -> None:
        for delivery in waiting:
            await sender.send(delivery)

    try:
        await asyncio.gather(*(work() for _ in range(sender.in_flight)))
    finally:
        await sender.close()


def _deliveries(destination: str, number: int) -> list[Any]:
    from pigeon.models import Parcel
    from pigeon.senders.base import Delivery

    async def ours() -> None:
        return

    rows = Parcel.objects.order_by("-pk")[:number]
    return [
        Delivery(
            action="put", rule="", title="", parcel=row.files(), held=(), remove_stale=False,
            idempotency_key=str(row.pk), token=f"{row.pk:032x}", stale_tokens=(),
            check_lease=ours,
        )
        for row in rows
    ]  # fmt: skip
