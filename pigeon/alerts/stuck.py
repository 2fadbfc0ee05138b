"""Noticing items that wait for too long, and noting it for the next mail."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from pigeon import limits
from pigeon.alerts.notes import locked
from pigeon.conf import conf
from pigeon.models.alert import Alert, Kind
from pigeon.models.destination_state import DestinationState
from pigeon.queue import clock, state_alias, survey
from pigeon.queue.ages import ages
from pigeon.registry import registry
from pigeon.text import spoken


def note_stuck() -> None:
    """Note where items wait longer than "too_old_age", and forget where they no longer do.

    Not where somebody paused the destination, nor out of its hours.

    Raises:
        django.db.Error: a queue cannot be read.
    """
    stuck = _stuck()
    alerts = Alert.objects.using(state_alias()).filter(kind=Kind.STUCK)
    alerts.filter(pending__gt=0).exclude(destination__in=list(stuck)).update(pending=0, told=[])
    for name, sentence in stuck.items():
        with transaction.atomic(using=state_alias()):
            alert = locked(name, Kind.STUCK)
            alert.pending, alert.told = 1, [sentence]
            alert.save(update_fields=["pending", "told"])


def _stuck() -> Mapping[str, str]:
    """Destination whose oldest item waits too long → a sentence that says so."""
    known, found = registry.destinations(), dict[str, float]()
    states = DestinationState.objects.using(state_alias())
    paused = set(states.exclude(paused_date=None).values_list("name", flat=True))
    for using in conf.DATABASES:
        names = [name for name in survey.destinations_in_use(using) if name not in paused]
        for name, seconds in ages(names, known, clock(using), using).items():
            if seconds >= limits.ages_of(known.get(name)).too_old:
                found[name] = max(seconds, found.get(name, 0))
    return {
        name: f"The oldest has been waiting {spoken(seconds)}; "
        f"{spoken(limits.ages_of(known.get(name)).too_old)} are too long."
        for name, seconds in found.items()
    }
