"""Watching a real remote at work: which steps it was asked for, in which order."""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable
from typing import Any

from pigeon.senders.base import Delivery, Sender
from pigeon.senders.remote import RemoteSender
from tests.contracts.places import Place

#: Called before a step with its name and its last path; may raise.
Before = Callable[[str, str], Awaitable[None]]


async def _nothing(step: str, path: str) -> None:
    return None


def send_watched(
    place: Place, *deliveries: Delivery, before: Before = _nothing, **options: Any
) -> list[str]:
    """Send ``deliveries`` one after another; the steps of the last, as "rename a.txt"."""
    steps: list[str] = []

    async def send(sender: Sender) -> None:
        assert isinstance(sender, RemoteSender)
        for name in ("put", "rename", "remove", "chmod"):
            _watch(sender._remote, name, steps, before)
        for delivery in deliveries:
            steps.clear()
            await sender.send(_noting_the_lease(delivery, steps))

    place.use(send, **options)
    return steps


def _watch(remote: Any, name: str, steps: list[str], before: Before) -> None:
    step = getattr(remote, name)

    async def watched(*arguments: Any, **more: Any) -> Any:
        paths = [each for each in arguments if isinstance(each, str)]
        path = posixpath.relpath(paths[-1], remote.root or ".")
        await before(name, path)
        steps.append(f"{name} {path}")
        return await step(*arguments, **more)

    setattr(remote, name, watched)


def _noting_the_lease(delivery: Delivery, steps: list[str]) -> Delivery:
    check = delivery.check_lease

    async def checked() -> None:
        if "lease" not in steps:  # again before each file, for which a watch is too coarse
            steps.append("lease")
        await check()

    delivery.check_lease = checked
    return delivery
