"""What people do to whole destinations: stop claims there, and let them go on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from pigeon.models.destination_state import DestinationState
from pigeon.queue.basics import clock, state_alias


def pause(names: Collection[str], *, by: str, reason: str = "") -> list[str]:
    """Let nothing be claimed at the destinations ``names``; those that were not paused yet.

    What workers have claimed already is still sent. New items wait.
    """
    using = state_alias()
    with transaction.atomic(using=using):
        states = DestinationState.objects.using(using)
        known = set(states.filter(name__in=names).values_list("name", flat=True))
        missing = [DestinationState(name=name) for name in sorted(set(names) - known)]
        states.bulk_create(missing, ignore_conflicts=True)
        rows = states.filter(name__in=names, paused_date=None).order_by("name")
        going = list(rows.select_for_update().values_list("name", flat=True))
        states.filter(name__in=going).set_paused(clock(using), by, reason)
    return going


@dataclass(frozen=True, slots=True)
class Rested:
    """Names of destinations that were paused, and of those that fail or are stopped."""

    paused: Collection[str]
    unwell: Collection[str]


def resume(names: Collection[str]) -> Rested:
    """End the pause of the destinations ``names``; which of them were at rest.

    For those that fail or are stopped, :func:`pigeon.queue.hasten` does the rest.
    """
    using = state_alias()
    with transaction.atomic(using=using):
        states = DestinationState.objects.using(using).filter(name__in=names)
        rows = list(states.order_by("name").select_for_update())
        paused = [state.name for state in rows if state.is_paused]
        states.filter(name__in=paused).set_resumed()
    return Rested(paused, [state.name for state in rows if not state.is_well])
