"""What an error of one delivery means for the item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError, PermanentError, Unreachable
from pigeon.models.attempt import Outcome
from pigeon.models.item import ItemToPush
from pigeon.models.status import Status
from pigeon.queue import Result, retry_date


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the item's attempt ended; see :class:`pigeon.queue.Result`."""

    outcome: Outcome
    message: str
    error_class: str
    when: datetime | None = None
    status: int = Status.SEND_ERROR
    counts: bool = True


def concerns_destination(error: Exception) -> bool:
    """Whether no other item at the destination has a chance now either."""
    if not isinstance(error, DeliveryError):
        return False
    return isinstance(error, Unreachable) or error.stops_destination


def judge(
    item: ItemToPush, destination: Destination, error: Exception, *, gated: bool = False
) -> Verdict:
    """Say what becomes of ``item`` after ``error``.

    Args:
        item: the item whose delivery failed.
        destination: where it was going.
        error: what the sender raised.
        gated: the error concerns the whole destination, which is closed until its next probe;
            the item is due as soon as the destination is, and never runs out of attempts.
    """
    name = type(error).__name__
    if not isinstance(error, DeliveryError):
        text = f"The sender failed unexpectedly with {name}: {error}"
        return Verdict(Outcome.FAILED, destination.redact(text), name)
    message = destination.redact(str(error))
    if gated:
        return Verdict(Outcome.RETRY, message, name, when=timezone.now(), counts=False)
    if isinstance(error, PermanentError):
        return Verdict(Outcome.FAILED, message, name)
    when = retry_date(item, timezone.now(), error)
    if when is None:
        tried = item.failures + 1
        why = f"No attempts are left ({tried} were made)."
        if tried < conf.MAX_PUSH_ATTEMPTS:
            why = "It expires before it could be tried again."
        text = f"{message} {why}"
        return Verdict(Outcome.FAILED, text, name)
    return Verdict(Outcome.RETRY, message, name, when=when)


def result_of(item: ItemToPush, verdict: Verdict, **facts: Any) -> Result:
    """The result that records ``verdict`` on ``item``, with ``facts`` of the attempt."""
    return Result(
        item,
        verdict.outcome,
        status=verdict.status,
        when=verdict.when,
        message=verdict.message,
        error_class=verdict.error_class,
        counts=verdict.counts,
        **facts,
    )
