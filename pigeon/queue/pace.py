"""The time of an endpoint whose rate is limited, given away bit by bit over all workers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from pigeon.destinations import Destination
from pigeon.models.hold import hold_name
from pigeon.models.pace import Pace
from pigeon.queue.basics import clock, state_alias


class Share(NamedTuple):
    """A share of an endpoint's time.

    Attributes:
        start: when it begins, by the database's clock.
        wait: seconds from now until then; less than 0 never.
        is_ours: it was taken; if not, it was too far away.
    """

    start: datetime
    wait: float
    is_ours: bool


def take_time(destination: Destination, seconds: float, *, patience: float) -> Share:
    """Take the next ``seconds`` of the endpoint's time, if they begin within ``patience``."""
    now = clock(state_alias())
    start, is_ours = Pace.objects.using(state_alias()).take(
        _name(destination),
        timedelta(seconds=seconds),
        now,
        patience=timedelta(seconds=patience),
    )
    return Share(start, (start - now).total_seconds(), is_ours)


def give_time_back(destination: Destination, start: datetime, end: datetime) -> None:
    """Of a share that ends at ``end``, nothing was used from ``start`` on."""
    Pace.objects.using(state_alias()).give_back(_name(destination), start, end)


def _name(destination: Destination) -> str:
    return hold_name("pace", destination.endpoint)
