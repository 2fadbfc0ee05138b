"""Deliveries that take too long: past what the item is wanted for, or past all patience."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from django.utils import timezone

from pigeon.engine.judge import Verdict
from pigeon.exceptions import AmbiguousError
from pigeon.models.attempt import Outcome
from pigeon.models.item import ItemToPush
from pigeon.senders.base import Delivery, Sender


class Overrun(Exception):
    """A delivery was broken off; ``expired``: because nobody wants the item any more."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__()
        self.expired = expired


async def send_in_time(sender: Sender, delivery: Delivery, expires: datetime | None) -> None:
    """Let ``sender`` send ``delivery``, until its time limit or ``expires``.

    Raises:
        Overrun: it was not done by then.
    """
    left = None if expires is None else (expires - timezone.now()) / timedelta(seconds=1)
    limits = [limit for limit in (left, sender.delivery_timeout) if limit is not None]
    if not limits:
        await sender.send(delivery)
        return
    if left is not None and left <= 0:
        delivery.traces = False
        raise Overrun(expired=True)
    try:
        async with asyncio.timeout(min(limits)) as scope:
            await sender.send(delivery)
    except TimeoutError:
        if not scope.expired():  # the sender's own
            raise
        raise Overrun(expired=min(limits) == left) from None


def hung(limit: float | None) -> AmbiguousError:
    """What the item says whose delivery had no end."""
    return AmbiguousError(
        f"The delivery was not done after {limit:g} seconds and was given up; the partner may "
        "have what was sent. If it needs more time, raise OPTIONS['delivery_timeout']."
    )


def expired_untried(item: ItemToPush) -> Verdict:
    """What becomes of ``item``, which expired before this attempt had begun.

    It is CANCELLED if nothing of it can be at the partner, else an error says what may be.
    """
    text = f"Expired at {item.expires:%Y-%m-%d %H:%M:%S %Z} before it could be pushed."
    if not item.previous_token:
        return Verdict(Outcome.CANCELLED, text, "")
    more = "What an earlier attempt was sending when it failed may be there all the same."
    return Verdict(Outcome.FAILED, f"{text} {more}", "")


def expired(item: ItemToPush, delivery: Delivery) -> Verdict:
    """What becomes of ``item``, which expired before it was delivered."""
    if not delivery.traces and not delivery.receipts:
        return expired_untried(item)
    total = len(delivery.parcel.files) if delivery.parcel else len(delivery.held)
    text = (
        f"Expired at {item.expires:%Y-%m-%d %H:%M:%S %Z} while it was being sent, so that was "
        f"broken off: {len(delivery.receipts)} of {total} files are known to be done; what was "
        "under way may be there, too."
    )
    return Verdict(Outcome.FAILED, text, "")
