"""How destinations fare: when an item, or a whole destination, is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField

from pigeon.conf import conf
from pigeon.destinations import Destination
from pigeon.exceptions import DeliveryError
from pigeon.models.compiled import Argument, CompiledQuery
from pigeon.models.destination_state import DestinationState
from pigeon.models.item import ItemToPush
from pigeon.queue.basics import clock, state_alias
from pigeon.retry import delay, next_attempt
from pigeon.text import storable


def is_open(state: DestinationState, destination: Destination, now: datetime) -> bool:
    """Whether claims are open at a destination: well, due for a probe, or configured anew.

    Never while it is paused.
    """
    if state.is_paused:
        return False
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


@dataclass(frozen=True, slots=True)
class Opening:
    """That nothing goes to a destination for a while.

    Attributes:
        probe: when it is tried next.
        is_news: it was well until now, or it has been stopped for the first time.
    """

    probe: datetime
    is_news: bool = True


def destination_failed(destination: Destination, error: DeliveryError) -> Opening:
    """Open the destination's breaker, or stop it.

    What fails there while the breaker is open already failed together with the first, so it
    counts no more. Call it before the results are recorded: until then nobody probes.
    """
    with transaction.atomic(using=state_alias()):
        states = DestinationState.objects.using(state_alias()).filter(name=destination.name)
        known = _LOCKED.objects(state_alias(), name=destination.name)
        state = known[0] if known else DestinationState(name=destination.name)
        now = clock(state_alias())
        message = storable(destination.redact(str(error))) or type(error).__name__
        if error.stops_destination:
            probe = now + timedelta(seconds=conf.STOPPED_PROBE_INTERVAL)
            states.set_stopped(now, probe, message, destination.fingerprint())
            return Opening(probe, is_news=not state.stopped_reason)
        if state.next_probe and not is_open(state, destination, now):
            return Opening(state.next_probe, is_news=False)
        failures = state.failures + 1
        pause = delay(failures, conf.RETRY_SCHEDULE)
        pause = min(pause, timedelta(seconds=conf.MAX_PROBE_INTERVAL))
        probe = now + max(pause, error.retry_after or timedelta())
        what = {"now": now, "probe": probe, "message": message, "failures": failures}
        _FAILING.execute(state_alias(), name=state.name, **what)
        return Opening(probe, is_news=state.is_well)


def destination_succeeded(destination: Destination) -> bool:
    """Close the breaker, for something was delivered; whether it was open until now."""
    using, name = state_alias(), destination.name
    now = clock(using)
    if _WELL_AGAIN.execute(using, name=name, now=now):
        return True
    _WELL.execute(using, name=name, now=now)
    return False


_NAME, _NOW = Argument("name"), Argument("now", DateTimeField())
_LOCKED = CompiledQuery(
    DestinationState, lambda states: states.filter(name=_NAME).select_for_update()
)
_FAILING = CompiledQuery(
    DestinationState,
    lambda states: states.filter(name=_NAME).set_failing(
        _NOW,
        Argument("probe", DateTimeField()),
        Argument("message"),
        failures=Argument("failures"),
    ),
)
_WELL = CompiledQuery(DestinationState, lambda states: states.filter(name=_NAME).set_well(_NOW))
_WELL_AGAIN = CompiledQuery(
    DestinationState, lambda states: states.filter(name=_NAME).unwell().set_well(_NOW)
)
