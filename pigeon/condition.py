"""How a destination fares, in one sentence for an operator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from pigeon.destinations import Destination
from pigeon.models.destination_state import DestinationState
from pigeon.queue import is_open, state_alias

WELL = "well"


def states_by_name() -> Mapping[str, DestinationState]:
    """Name → state, for all destinations that somebody has claimed at."""
    return {state.name: state for state in DestinationState.objects.using(state_alias())}


def closed_because(destination: Destination, state: DestinationState | None, now: datetime) -> str:
    """Why nothing is claimed at ``destination`` at ``now``; empty when it is."""
    if state is None or is_open(state, destination, now):
        return ""
    word = "stopped" if state.stopped_reason else "failing"
    return f"{word}, next try at {moment(state.next_probe)}: {_reason(state)}"


def condition(destination: Destination, state: DestinationState | None, now: datetime) -> str:
    """``"well"``, or what is wrong and when the destination is tried again."""
    closed = closed_because(destination, state, now)
    if closed or state is None or state.is_well:
        return closed or WELL
    return f"was failing, is tried again with the next push: {_reason(state)}"


def moment(date: datetime | None) -> str:
    """``date`` in the site's time zone, such as ``2027-01-31 18:05:00 CET``."""
    return f"{timezone.localtime(date):%Y-%m-%d %H:%M:%S %Z}" if date else "once"


def _reason(state: DestinationState) -> str:
    return state.stopped_reason or state.last_error or "no reason was recorded"
