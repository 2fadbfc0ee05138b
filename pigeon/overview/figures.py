"""What attempts came to in the last hour and the last day, from tallies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, Sum

from pigeon.conf import conf
from pigeon.models.tally import Period, Tally, stored, stretches
from pigeon.queue.shared import once

#: How many stretches of each period are added up: an hour, and a day.
_STRETCHES = {Period.MINUTE: 60, Period.HOUR: 24}
_FAILED = ("retried", "failed", "recovered")


@dataclass
class Figures:
    """Attempts that ended in the last hour and day.

    Attributes:
        pushed_hour: attempts that delivered, in the last 60 minutes.
        failed_hour: attempts that did not, whether or not they are repeated.
        pushed_day: as ``pushed_hour``, in the last 24 hours.
        failed_day: as ``failed_hour``, in the last 24 hours.
        bytes_day: bytes sent in the last 24 hours.
    """

    pushed_hour: int = 0
    failed_hour: int = 0
    pushed_day: int = 0
    failed_day: int = 0
    bytes_day: int = 0

    @property
    def success_rate(self) -> float | None:
        """Of the last day's attempts the part that delivered, 0 to 1; ``None``: none ended."""
        ended = self.pushed_day + self.failed_day
        return self.pushed_day / ended if ended else None

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.pushed_hour + other.pushed_hour,
            self.failed_hour + other.failed_hour,
            self.pushed_day + other.pushed_day,
            self.failed_day + other.failed_day,
            self.bytes_day + other.bytes_day,
        )


def figures(field: str, value: str = "") -> dict[str, Figures]:
    """Destination or rule → its figures, for those of which something ended.

    Args:
        field: ``"destination"`` or ``"rule_name"``.
        value: only this one; empty: all.
    """
    found: dict[str, Figures] = {}
    for using in conf.DATABASES:
        for row in _sums(field if value else "", value, using):
            name = row[field]
            found[name] = found.get(name, Figures()) + _figures(row)
    return found


def total(parts: Iterable[Figures]) -> Figures:
    """All of ``parts`` together."""
    return sum(parts, start=Figures())


@once
def _sums(field: str, value: str, using: str) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    recent = Q()
    for period, number in _STRETCHES.items():
        times = [stored(time) for time in stretches(period, number, now)]
        recent |= Q(period=period, since__in=times)
    rows = Tally.objects.using(using).filter(recent, **({field: value} if field else {}))
    sums = {f"sum_{name}": Sum(name) for name in ("pushed", *_FAILED, "bytes_sent")}
    found: Iterable[Any] = (
        rows.order_by().values("destination", "rule_name", "period").annotate(**sums)
    )
    return list(found)


def _figures(row: dict[str, Any]) -> Figures:
    # PostgreSQL's sums of large integers are decimals.
    pushed, failed = int(row["sum_pushed"]), sum(int(row[f"sum_{name}"]) for name in _FAILED)
    if row["period"] == Period.MINUTE:
        return Figures(pushed_hour=pushed, failed_hour=failed)
    return Figures(pushed_day=pushed, failed_day=failed, bytes_day=int(row["sum_bytes_sent"]))
