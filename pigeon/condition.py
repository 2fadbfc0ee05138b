"""How a destination fares, in one sentence for an operator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from pigeon import limits
from pigeon.destinations import Destination
from pigeon.models.destination_state import DestinationState
from pigeon.queue import is_open, state_alias
from pigeon.queue.shared import once

WELL = "well"


@once
def states_by_name() -> Mapping[str, DestinationState]:
    """Name → state, for all destinations that somebody has claimed at."""
    return {state.name: state for state in DestinationState.objects.using(state_alias())}


def closed_because(destination: Destination, state: DestinationState | None, now: datetime) -> str:
    """Why nothing is claimed at ``destination`` at ``now``; empty when it is."""
    if state is not None and state.is_paused:
        return paused_because(state)
    if state is None or is_open(state, destination, now):
        opens = out_of_hours(destination, now)
        return f"out of its hours until {moment(opens)}" if opens else ""
    return f"{_word(state)}, next try at {moment(state.next_probe)}: {_reason(state)}"


def paused_because(state: DestinationState) -> str:
    """Who paused a destination, since when, and why."""
    words = f"paused by {state.paused_by or 'somebody'} since {moment(state.paused_date)}"
    return f"{words}: {state.paused_reason}" if state.paused_reason else words


def out_of_hours(destination: Destination, now: datetime) -> datetime | None:
    """When ``destination`` opens, in the kind of time that ``now`` is; ``None``: it is open."""
    opens = limits.opens(destination, _aware(now))
    if opens is None or settings.USE_TZ:
        return opens
    return timezone.make_naive(opens)


def open_since(destination: Destination, now: datetime) -> datetime | None:
    """Since when ``destination`` has been open; ``None``: it has no hours, or is out of them."""
    since = limits.open_since(destination, _aware(now))
    if since is None or settings.USE_TZ:
        return since
    return timezone.make_naive(since)


def _aware(now: datetime) -> datetime:
    return now if timezone.is_aware(now) else timezone.make_aware(now)


def condition(destination: Destination, state: DestinationState | None, now: datetime) -> str:
    """``"well"``, or what is wrong and when the destination is tried again."""
    closed = closed_because(destination, state, now)
    if closed or state is None or state.is_well:
        return closed or WELL
    return f"was {_word(state)}, is tried again with the next push: {_reason(state)}"


def moment(date: datetime | None) -> str:
    """``date`` in the site's time zone, such as ``2027-01-31 18:05:00 CET``."""
    if date is None:
        return "once"
    local = timezone.localtime(date) if timezone.is_aware(date) else date
    return f"{local:%Y-%m-%d %H:%M:%S %Z}".rstrip()


def _word(state: DestinationState) -> str:
    return "stopped" if state.stopped_reason else "failing"


def _reason(state: DestinationState) -> str:
    return state.stopped_reason or state.last_error or "no reason was recorded"
