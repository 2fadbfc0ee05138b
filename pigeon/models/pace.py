"""Until when the time of an endpoint is given away: what keeps rates over all workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _


class PaceQuerySet(models.QuerySet["Pace"]):
    """Take an endpoint's time, and give back what of it was not used."""

    def take(
        self, name: str, length: timedelta, now: datetime, *, patience: timedelta
    ) -> tuple[datetime, bool]:
        """Take the next ``length`` of the endpoint's time, unless it is too far away.

        Args:
            name: digest of the endpoint.
            length: how much.
            now: the time.
            patience: how long the caller waits for it at most.

        Returns:
            When that time begins, and whether it was taken.
        """
        with transaction.atomic(using=self.db):
            if not self.filter(name=name).exists():
                self.bulk_create([Pace(name=name, free_at=now)], ignore_conflicts=True)
            row = self.select_for_update().get(name=name)
            start = max(now, row.free_at)
            if start - now > patience:
                return start, False
            self.filter(pk=row.pk).update(free_at=start + length)
        return start, True

    def give_back(self, name: str, start: datetime, end: datetime) -> None:
        """From ``start`` on nothing was used, if nobody has taken what comes after ``end``."""
        self.filter(name=name, free_at=end).update(free_at=start)


class Pace(models.Model):
    """One endpoint whose rate is limited: the next that goes there goes at ``free_at``."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    free_at = models.DateTimeField(_("free at"))

    objects = PaceQuerySet.as_manager()

    class Meta:
        """One row per endpoint."""

        verbose_name = _("pace")
        verbose_name_plural = _("paces")

    def __str__(self) -> str:
        return self.name
