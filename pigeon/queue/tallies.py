"""Counting what attempts came to, in the transaction that records them.

A batch adds a few rows' worth: one per period, destination and rule. They are written last, in
one order for all workers, so that nobody who holds one waits for anything else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pigeon.models.attempt import Outcome, PushAttempt, Tried
from pigeon.models.bulk import insert
from pigeon.models.tally import DURATIONS, Period, Tally, start_of
from pigeon.queue.basics import clock

#: How long tallies are kept; days, and all time, for good.
KEPT = {Period.MINUTE: timedelta(days=1), Period.HOUR: timedelta(days=62)}
UNIQUE = ("period", "since", "destination", "rule_name")
_TOOK, _BOUNDS = list(DURATIONS), list(DURATIONS.values())
#: Under which name an outcome is counted.
FIELDS: Mapping[str, str] = {
    Outcome.PUSHED: "pushed",
    Outcome.RETRY: "retried",
    Outcome.FAILED: "failed",
    Outcome.CANCELLED: "cancelled",
    Outcome.LEASE_ENDED: "recovered",
}


class Counted(NamedTuple):
    """What a tally says, for writing many at once."""

    period: int
    since: datetime
    destination: str
    rule_name: str
    pushed: int
    retried: int
    failed: int
    cancelled: int
    recovered: int
    bytes_sent: int
    seconds: float
    took_100ms: int
    took_500ms: int
    took_1s: int
    took_5s: int
    took_30s: int
    took_60s: int
    took_300s: int


NUMBERS = Counted._fields[len(UNIQUE) :]


def count(attempts: Iterable[Tried | PushAttempt], using: str, now: datetime) -> None:
    """Add ``attempts``, which ended at ``now``; nothing may be written after it.

    Args:
        attempts: what was recorded.
        using: alias of the database, in whose present transaction it happens.
        now: as :func:`pigeon.queue.clock` gives it.
    """
    sums: dict[tuple[str, str], dict[str, float]] = {}
    for attempt in attempts:
        key = attempt.destination, attempt.rule_name
        _add(attempt, sums.setdefault(key, dict.fromkeys(NUMBERS, 0)))
    rows = [
        Counted(period, since, *key, **sums[key])  # type: ignore[arg-type]
        for period, since in sorted((period, start_of(period, now)) for period in Period)
        for key in sorted(sums)
    ]
    insert(Tally, rows, using, unique=UNIQUE, adding=NUMBERS)


def clean_tallies(using: str, now: datetime | None = None) -> int:
    """Delete minutes and hours that no chart shows any more; how many rows."""
    now = now or clock(using)
    rows = Tally.objects.using(using)
    return sum(
        rows.filter(period=period, since__lt=start_of(period, now - age)).delete()[0]
        for period, age in KEPT.items()
    )


def _add(attempt: Tried | PushAttempt, numbers: dict[str, float]) -> None:
    numbers[FIELDS[attempt.outcome]] += 1
    numbers["bytes_sent"] += attempt.bytes_sent
    numbers["seconds"] += attempt.duration
    at = bisect_left(_BOUNDS, attempt.duration)
    if at < len(_BOUNDS):
        numbers[_TOOK[at]] += 1
