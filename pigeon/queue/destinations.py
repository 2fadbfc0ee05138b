"""How destinations fare: when an item, or a whole destination, is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemToPush
from pigeon.queue.basics import clock, state_alias
from pigeon.retry import delay, next_attempt


def retry_date(item: ItemToPush, now: datetime, error: DeliveryError) -> datetime | None:
    """When to try ``item`` again after ``error``; ``None``: its attempts are spent."""
    return next_attempt(
        now,
        item.push_attempts + 1,
        schedule=conf.RETRY_SCHEDULE,
        max_attempts=conf.MAX_PUSH_ATTEMPTS,
        retry_after=error.retry_after,
        expires=item.expires,
    )


def destination_failed(destination: Destination, error: DeliveryError) -> datetime:
    """Open the destination's breaker, or stop it; when it is probed next."""
    states = DestinationState.objects.using(state_alias()).filter(name=destination.name)
    now = clock(state_alias())
    message = destination.redact(str(error))
    if error.stops_destination:
        probe = now + timedelta(seconds=conf.STOPPED_PROBE_INTERVAL)
        states.set_stopped(now, probe, message, destination.fingerprint())
        return probe
    failures = states.values_list("failures", flat=True).first() or 0
    probe = now + max(delay(failures + 1, conf.RETRY_SCHEDULE), error.retry_after or timedelta())
    states.set_failing(now, probe, message)
    return probe


def destination_succeeded(destination: Destination) -> None:
    """Close the breaker: something was delivered."""
    states = DestinationState.objects.using(state_alias()).filter(name=destination.name)
    states.set_well(clock(state_alias()))
