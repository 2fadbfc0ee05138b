"""What each attempt to push an item did."""

from __future__ import annotations

from datetime import datetime, timedelta
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
    destination: str
    rule_name: str
    transcript: list[list[Any]]


class PushAttempt(models.Model):
    """One attempt at one item; messages are redacted.

    ``destination`` and ``rule_name`` are the item's at the time: an item may be moved.
    ``transcript`` holds pairs of seconds since the start, and what was done then, redacted.
    """

    item = models.ForeignKey(
        ItemToPush, verbose_name=_("item"), on_delete=models.CASCADE, related_name="attempts"
    )
    destination = models.CharField(_("destination"), max_length=200)
    rule_name = models.CharField(_("rule"), max_length=100)
    started = models.DateTimeField(_("started"))
    duration = models.FloatField(_("seconds"), default=0)
    worker = models.CharField(_("worker"), max_length=255)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome)
    error_class = models.CharField(_("error class"), max_length=100, blank=True)
    message = models.TextField(_("message"), blank=True)
    bytes_sent = models.PositiveBigIntegerField(_("bytes"), default=0)
    receipts = models.JSONField(_("receipts"), default=list, blank=True)
    transcript = models.JSONField(_("transcript"), default=list, blank=True)

    class Meta:
        """Attempts are read by item, by destination and time, and by time."""

        verbose_name = _("push attempt")
        verbose_name_plural = _("push attempts")
        indexes = [
            models.Index(fields=["destination", "started"], name="pigeon_attempt_place"),
            models.Index(fields=["started"], name="pigeon_attempt_time"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.outcome}"

    @property
    def ended(self) -> datetime:
        """When the attempt ended."""
        return self.started + timedelta(seconds=self.duration)
