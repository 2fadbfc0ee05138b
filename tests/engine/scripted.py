"""A sender that does what a test says."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from pigeon.parcel import Receipt
from pigeon.senders.base import Delivery, Sender


class Scripted(Sender):
    """Does what the test says, and remembers what it was asked."""

    schemes = ("scripted",)
    in_flight = 4
    script: ClassVar[Any] = None
    opening: ClassVar[Any] = None
    sent: ClassVar[list[Delivery]] = []
    opened: ClassVar[int] = 0
    closed: ClassVar[int] = 0
    together: ClassVar[int] = 0
    most: ClassVar[int] = 0

    async def open(self) -> None:
        Scripted.opened += 1
        if Scripted.opening is not None:
            raise Scripted.opening

    async def send(self, delivery: Delivery) -> None:
        Scripted.together += 1
        Scripted.most = max(Scripted.most, Scripted.together)
        try:
            await asyncio.sleep(0)
            await delivery.check_lease()
            if Scripted.script is not None:
                answer = Scripted.script(delivery)
                if asyncio.iscoroutine(answer):
                    answer = await answer
                if isinstance(answer, Exception):
                    raise answer
        finally:
            Scripted.together -= 1
        Scripted.sent.append(delivery)
        assert delivery.parcel
        for file in delivery.parcel.files:
            delivery.record(
                Receipt(file.path, file.path, file.size, file.sha256, "rename", "size")
            )

    async def close(self) -> None:
        Scripted.closed += 1
