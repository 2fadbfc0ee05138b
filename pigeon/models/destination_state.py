"""How a destination fares: operating state only, never configuration."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pigeon.models.compiled import Moment, Number, Text


class DestinationStateQuerySet(models.QuerySet["DestinationState"]):
    """The verbs that open and close a destination; called by :mod:`pigeon.queue` only."""

    def unwell(self) -> DestinationStateQuerySet:
        """Destinations whose last contact failed."""
        return self.filter(Q(failures__gt=0) | ~Q(stopped_reason=""))

    def set_well(self, now: Moment) -> int:
        """A contact succeeded."""
        return self.update(
            failures=0, next_probe=None, stopped_reason="", fingerprint="", last_success_date=now
        )

    def set_failing(
        self, now: Moment, next_probe: Moment, message: Text, *, failures: Number
    ) -> int:
        """A contact failed; nothing is claimed there until ``next_probe``.

        What could not be reached refuses nothing any more, so it is no longer stopped.
        """
        return self.update(
            failures=failures,
            next_probe=next_probe,
            stopped_reason="",
            fingerprint="",
            last_error=message,
            last_error_date=now,
        )

    def set_stopped(
        self, now: datetime, next_probe: datetime, message: str, fingerprint: str
    ) -> int:
        """Login or configuration was refused; only a probe or a new configuration helps."""
        return self.update(
            next_probe=next_probe,
            stopped_reason=message,
            fingerprint=fingerprint,
            last_error=message,
            last_error_date=now,
        )

    def set_due(self, now: datetime) -> int:
        """The next probe need not wait longer."""
        return self.update(next_probe=now)

    def set_paused(self, now: datetime, by: str, reason: str) -> int:
        """Somebody paused destinations: nothing is claimed there until they are resumed."""
        return self.filter(paused_date=None).update(
            paused_date=now, paused_by=by, paused_reason=reason
        )

    def set_resumed(self) -> int:
        """Paused destinations go on."""
        return self.exclude(paused_date=None).update(
            paused_date=None, paused_by="", paused_reason=""
        )


class DestinationState(models.Model):
    """The row that a claim at the destination locks, and what stops the destination.

    ``failures`` counts failures of the destination in a row. Until ``next_probe`` nothing is
    claimed there. ``stopped_reason`` is set while login or configuration is refused, with the
    ``fingerprint`` of the configuration that was refused: another one starts it again. While
    ``paused_date`` is set, ``paused_by`` wants nothing claimed there, whatever else holds.
    """

    name = models.CharField(_("destination"), max_length=200, unique=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    next_probe = models.DateTimeField(_("next probe"), null=True, blank=True)
    stopped_reason = models.TextField(_("stopped because"), blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    paused_date = models.DateTimeField(_("paused at"), null=True, blank=True)
    paused_by = models.CharField(_("paused by"), max_length=255, blank=True)
    paused_reason = models.TextField(_("paused because"), blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    last_error_date = models.DateTimeField(_("last error at"), null=True, blank=True)
    last_success_date = models.DateTimeField(_("last success at"), null=True, blank=True)

    objects = DestinationStateQuerySet.as_manager()

    class Meta:
        """One row per destination."""

        verbose_name = _("destination")
        verbose_name_plural = _("destinations")

    def __str__(self) -> str:
        return self.name

    @property
    def is_well(self) -> bool:
        """Whether the last contact succeeded, or there has been none."""
        return not self.failures and not self.stopped_reason

    @property
    def is_paused(self) -> bool:
        """Whether somebody paused the destination."""
        return self.paused_date is not None
