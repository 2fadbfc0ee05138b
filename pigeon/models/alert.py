"""What is to be told by mail, and when the last mail about the same was."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What an alert is about."""

    FAILED = "failed", _("items failed")
    OPENED = "opened", _("the destination fails or is stopped")
    CLOSED = "closed", _("the destination is well again")
    STUCK = "stuck", _("items wait for too long")


class AlertQuerySet(models.QuerySet["Alert"]):
    """Which alerts are to be told."""

    def due(self, now: datetime, interval: timedelta) -> AlertQuerySet:
        """Those with something to tell whose last mail was long enough ago."""
        quiet = Q(sent_date=None) | Q(sent_date__lte=now - interval)
        return self.filter(quiet, pending__gt=0)


class Alert(models.Model):
    """News of one kind about one destination: so many since the last mail.

    ``told`` is what the first few of them say; of a destination that fails, it stays until the
    destination is well.
    """

    destination = models.CharField(_("destination"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    pending = models.PositiveIntegerField(_("not told yet"), default=0)
    told = models.JSONField(_("what they say"), default=list, blank=True)
    sent_date = models.DateTimeField(_("last mail"), null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        """One row per destination and kind."""

        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(fields=["destination", "kind"], name="pigeon_alert_one")
        ]

    def __str__(self) -> str:
        return f"{self.destination}: {self.get_kind_display()}"
