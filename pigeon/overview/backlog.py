"""What all queues together have to do, by destination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pigeon.conf import conf
from pigeon.models.attempt import PushAttempt
from pigeon.queue import glance, survey


@dataclass
class Backlog:
    """What waits for a destination.

    Attributes:
        waiting: items that wait.
        in_progress: items that workers hold.
        capped: counting stopped; there may be more.
        since: since when the oldest waits.
    """

    waiting: int = 0
    in_progress: int = 0
    capped: bool = False
    since: datetime | None = None

    def age(self, now: datetime) -> float | None:
        """Seconds that the oldest has been waiting at ``now``; ``None``: none waits."""
        return None if self.since is None else max(0.0, (now - self.since).total_seconds())


def known_names() -> set[str]:
    """Names of all destinations that items are for."""
    return {name for using in conf.DATABASES for name in survey.destinations_in_use(using)}


def backlog(names: Sequence[str]) -> dict[str, Backlog]:
    """Destination → what waits for it in all databases."""
    found = {name: Backlog() for name in names}
    for using in conf.DATABASES:
        for name, counted in glance.backlogs(tuple(names), using).items():
            found[name].waiting += counted.waiting
            found[name].in_progress += counted.in_progress
            found[name].capped |= counted.is_capped
        for name, since in glance.oldest_waiting(tuple(names), using).items():
            found[name].since = min(since, found[name].since or since)
    return found


def last_failures(names: Sequence[str]) -> list[PushAttempt]:
    """Of each destination and rule the latest recent failure in each database, by time."""
    found = [
        row for using in conf.DATABASES for row in glance.latest_failures(tuple(names), using)
    ]
    return sorted(found, key=lambda failure: failure.ended)
