"""How destinations fare: when an item, or a whole destination, is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemToPush
from pigeon.queue.basics import clock, state_alias
from pigeon.retry import delay, next_attempt
from pigeon.text import storable


def is_open(state: DestinationState, destination: Destination, now: datetime) -> bool:
    """Whether claims are open at a destination: well, due for a probe, or configured anew."""
    if state.is_well or state.next_probe is None or state.next_probe <= now:
        return True
    return bool(state.stopped_reason) and state.fingerprint != destination.fingerprint()


def retry_date(item: ItemToPush, now: datetime, error: DeliveryError) -> datetime | None:
    """When to try ``item`` again after ``error``; ``None``: its attempts are spent."""
    return next_attempt(
        now,
        item.failures + 1,
        schedule=conf.RETRY_SCHEDULE,
        max_attempts=conf.MAX_PUSH_ATTEMPTS,
        retry_after=error.retry_after,
        expires=item.expires,
    )


def destination_failed(destination: Destination, error: DeliveryError) -> datetime:
    """Open the destination's breaker, or stop it; when it is probed next.

    What fails there while the breaker is open already failed together with the first, so it
    counts no more. Call it before the results are recorded: until then nobody probes.
    """
    with transaction.atomic(using=state_alias()):
        states = DestinationState.objects.using(state_alias()).filter(name=destination.name)
        state = states.select_for_update().first() or DestinationState(name=destination.name)
        now = clock(state_alias())
        message = storable(destination.redact(str(error))) or type(error).__name__
        if error.stops_destination:
            probe = now + timedelta(seconds=conf.STOPPED_PROBE_INTERVAL)
            states.set_stopped(now, probe, message, destination.fingerprint())
            return probe
        if state.next_probe and not is_open(state, destination, now):
            return state.next_probe
        failures = state.failures + 1
        pause = max(delay(failures, conf.RETRY_SCHEDULE), error.retry_after or timedelta())
        probe = now + pause
        states.set_failing(now, probe, message, failures=failures)
        return probe


def destination_succeeded(destination: Destination) -> None:
    """Close the breaker: something was delivered."""
    states = DestinationState.objects.using(state_alias()).filter(name=destination.name)
    states.set_well(clock(state_alias()))
