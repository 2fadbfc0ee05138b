"""How long the oldest item of each destination has been waiting, where that says anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils import timezone

from pigeon import limits
from pigeon.destinations import Destination
from pigeon.queue.glance import oldest_waiting
from pigeon.queue.survey import abandoned


def ages(
    names: Collection[str], known: Mapping[str, Destination], now: datetime, using: str
) -> dict[str, float]:
    """Destination → seconds that its oldest item has been waiting; only where something waits.

    What a worker holds whose lease ended waits as well. Where there are hours, an item waits
    from the moment when it could have gone, and out of them not at all.

    Args:
        names: the destinations that are meant.
        known: those of the settings; the others have no hours.
        now: the time, as :func:`pigeon.queue.clock` says it.
        using: alias of the queue's database.
    """
    since = dict(oldest_waiting(tuple(names), using))
    for name, date in abandoned(using, now):
        if name in names:
            since[name] = min(date, since.get(name, date))
    found = {name: _age(known.get(name), date, now) for name, date in since.items()}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def _age(destination: Destination | None, since: datetime, now: datetime) -> float | None:
    """Seconds since ``since`` in which something could have gone; ``None``: nothing can now."""
    now, since = _aware(now), _aware(since)
    if destination is not None:
        if limits.opens(destination, now) is not None:
            return None
        since = max(since, limits.open_since(destination, now) or since)
    return max(0.0, (now - since).total_seconds())


def _aware(moment: datetime) -> datetime:
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
