"""What attempts came to over time, for charts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import Sum, TextChoices
from django.utils.translation import gettext_lazy as _

from pigeon.conf import conf
from pigeon.models.tally import Period, Tally, stored, stretches


class Range(TextChoices):
    """How far back a chart looks."""

    HOUR = "hour", _("hour")
    DAY = "day", _("day")
    WEEK = "week", _("week")
    MONTH = "month", _("month")


_SUMMED = ("pushed", "retried", "failed", "recovered", "cancelled", "bytes_sent", "seconds")
#: The stretches that a chart is made of, and how many of them.
_STEPS = {
    Range.HOUR: (Period.MINUTE, 60),
    Range.DAY: (Period.HOUR, 24),
    Range.WEEK: (Period.HOUR, 7 * 24),
    Range.MONTH: (Period.DAY, 31),
}


@dataclass
class Series:
    """One value per stretch of time, the oldest first; the last one is not over yet.

    Attributes:
        step: seconds of a stretch.
        times: when each stretch begins, aware, in UTC; days are those of UTC.
        pushed: attempts that delivered.
        failed: attempts that did not, whether or not they are repeated.
        bytes: bytes sent.
        seconds: how long an attempt took on average; 0 where there was none.
    """

    step: int
    times: list[datetime]
    pushed: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def series(
    over: Range, *, destination: str = "", rule: str = "", now: datetime | None = None
) -> Series:
    """What came of attempts lately, at one destination or of one rule or of all.

    Args:
        over: how far back.
        destination: only attempts there; empty: everywhere.
        rule: only this rule's; empty: all rules'.
        now: the end, aware; this moment unless given.
    """
    period, number = _STEPS[over]
    times = stretches(period, number, now or datetime.now(UTC))
    found = _sums(period, times, destination, rule)
    drawn = Series(int(period), times)
    for time in times:
        pushed, failed, sent, seconds, attempts = found.get(time, (0, 0, 0, 0.0, 0))
        drawn.pushed.append(int(pushed))
        drawn.failed.append(int(failed))
        drawn.bytes.append(int(sent))
        drawn.seconds.append(seconds / attempts if attempts else 0.0)
    return drawn


def _aware(since: datetime) -> datetime:
    """A tally's ``since``, which is naive in UTC without ``USE_TZ``."""
    return since.astimezone(UTC) if since.tzinfo else since.replace(tzinfo=UTC)


def _sums(
    period: Period, times: list[datetime], destination: str, rule: str
) -> dict[datetime, list[float]]:
    """Beginning of a stretch → pushed, failed, bytes, seconds and number of all attempts."""
    chosen = {"destination": destination, "rule_name": rule}
    found: dict[datetime, list[float]] = {}
    for using in conf.DATABASES:
        rows = Tally.objects.using(using).filter(
            period=period,
            # All of them: from a range databases expect far more rows than there are.
            since__in=[stored(time) for time in times],
            **{name: value for name, value in chosen.items() if value},
        )
        for since, *sums in rows.order_by().values_list("since").annotate(*map(Sum, _SUMMED)):
            pushed, retried, failed, recovered, cancelled, sent, seconds = map(float, sums)
            missed = retried + failed + recovered
            added = (pushed, missed, sent, seconds, pushed + missed + cancelled)
            known = found.setdefault(_aware(since), [0.0] * len(added))
            found[_aware(since)] = [one + other for one, other in zip(known, added, strict=True)]
    return found
