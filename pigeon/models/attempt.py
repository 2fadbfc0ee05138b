"""What each attempt to push an item did."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from pigeon.models.item import ItemToPush


class Outcome(models.TextChoices):
    """How an attempt ended."""

    PUSHED = "pushed", _("pushed")
    RETRY = "retry", _("failed, will be tried again")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    LEASE_ENDED = "lease ended", _("the worker stopped without a word")


class Tried(NamedTuple):
    """What an attempt's record says, for writing many at once."""

    item_id: int
    started: datetime
    duration: float
    worker: str
    outcome: Outcome
    error_class: str
    message: str
    bytes_sent: int
    receipts: list[dict[str, Any]]


class PushAttempt(models.Model):
    """One attempt at one item; messages are redacted."""

    item = models.ForeignKey(
        ItemToPush, verbose_name=_("item"), on_delete=models.CASCADE, related_name="attempts"
    )
    started = models.DateTimeField(_("started"))
    duration = models.FloatField(_("seconds"), default=0)
    worker = models.CharField(_("worker"), max_length=255)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome)
    error_class = models.CharField(_("error class"), max_length=100, blank=True)
    message = models.TextField(_("message"), blank=True)
    bytes_sent = models.PositiveBigIntegerField(_("bytes"), default=0)
    receipts = models.JSONField(_("receipts"), default=list, blank=True)

    class Meta:
        """Attempts are read by item."""

        verbose_name = _("push attempt")
        verbose_name_plural = _("push attempts")

    def __str__(self) -> str:
        return f"{self.item_id}: {self.outcome}"
