"""What became of attempts, counted by destination, rule and time: for charts and metrics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

#: Upper bounds, in seconds, of the attempts that a field of :class:`Tally` counts.
DURATIONS = {
    "took_100ms": 0.1,
    "took_500ms": 0.5,
    "took_1s": 1.0,
    "took_5s": 5.0,
    "took_30s": 30.0,
    "took_60s": 60.0,
    "took_300s": 300.0,
}


class Period(models.IntegerChoices):
    """Seconds that one tally is about; 0: all time, which only grows."""

    EVER = 0, _("ever")
    MINUTE = 60, _("minute")
    HOUR = 3600, _("hour")
    DAY = 86400, _("day")


def start_of(period: Period, moment: datetime) -> datetime:
    """When the stretch of ``period`` that holds ``moment`` begins, as :attr:`Tally.since` is."""
    if not period:
        return stored(datetime(1970, 1, 1, tzinfo=UTC))
    return stored(stretches(period, 1, moment)[0])


def stretches(period: Period, number: int, now: datetime) -> list[datetime]:
    """When the last ``number`` stretches of ``period`` begin, aware, the oldest first.

    The last one holds ``now``.
    """
    seconds = int(in_utc(now).timestamp())
    last = datetime.fromtimestamp(seconds - seconds % period, UTC)
    return [last - timedelta(seconds=int(period) * back) for back in reversed(range(number))]


def in_utc(moment: datetime) -> datetime:
    """``moment``, aware or naive in ``TIME_ZONE``, as an aware datetime in UTC."""
    return (moment if moment.tzinfo else timezone.make_aware(moment)).astimezone(UTC)


def stored(moment: datetime) -> datetime:
    """An aware ``moment`` as :attr:`Tally.since` holds it: naive in UTC without ``USE_TZ``."""
    return moment if settings.USE_TZ else moment.astimezone(UTC).replace(tzinfo=None)


class Tally(models.Model):
    """How many attempts of one rule at one destination ended in a stretch of time, and how.

    ``since`` is the beginning of the stretch in UTC, and 1970-01-01 for :attr:`Period.EVER`. An
    attempt counts where it ended. The fields of :data:`DURATIONS` count attempts that took no
    longer than their bound, and longer than that of the one before.
    """

    destination = models.CharField(_("destination"), max_length=200)
    rule_name = models.CharField(_("rule"), max_length=100)
    period = models.PositiveIntegerField(_("seconds"), choices=Period)
    since = models.DateTimeField(_("since"))
    pushed = models.PositiveBigIntegerField(_("pushed"), default=0)
    retried = models.PositiveBigIntegerField(_("failed, to be tried again"), default=0)
    failed = models.PositiveBigIntegerField(_("failed"), default=0)
    cancelled = models.PositiveBigIntegerField(_("cancelled"), default=0)
    recovered = models.PositiveBigIntegerField(_("taken back from a lost worker"), default=0)
    bytes_sent = models.PositiveBigIntegerField(_("bytes"), default=0)
    seconds = models.FloatField(_("seconds of all attempts"), default=0)
    took_100ms = models.PositiveBigIntegerField(default=0)
    took_500ms = models.PositiveBigIntegerField(default=0)
    took_1s = models.PositiveBigIntegerField(default=0)
    took_5s = models.PositiveBigIntegerField(default=0)
    took_30s = models.PositiveBigIntegerField(default=0)
    took_60s = models.PositiveBigIntegerField(default=0)
    took_300s = models.PositiveBigIntegerField(default=0)

    class Meta:
        """One row per stretch of time, destination and rule; read by stretch."""

        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = [
            models.UniqueConstraint(
                fields=["period", "since", "destination", "rule_name"], name="pigeon_tally_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule_name} → {self.destination}, {self.since}"
