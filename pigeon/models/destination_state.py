"""How a destination fares: operating state only, never configuration."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DestinationState(models.Model):
    """The row that a claim at the destination locks, and what stops the destination.

    ``failures`` counts failures of the destination in a row. Until ``next_probe`` nothing is
    claimed there. ``stopped_reason`` is set while login or configuration is refused, with the
    ``fingerprint`` of the configuration that was refused: another one starts it again.
    """

    name = models.CharField(_("destination"), max_length=200, unique=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    next_probe = models.DateTimeField(_("next probe"), null=True, blank=True)
    stopped_reason = models.TextField(_("stopped because"), blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True)
    last_error_date = models.DateTimeField(_("last error at"), null=True, blank=True)
    last_success_date = models.DateTimeField(_("last success at"), null=True, blank=True)

    class Meta:
        """One row per destination."""

        verbose_name = _("destination state")
        verbose_name_plural = _("destination states")

    def __str__(self) -> str:
        return self.name
