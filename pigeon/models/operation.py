"""Who did what to the queue by hand."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pigeon.models.item import ItemToPush


class Verb(models.TextChoices):
    """What people can do to items and destinations."""

    SENT_AGAIN = "sent again", _("sent again as sent")
    RENDERED_ANEW = "rendered anew", _("rendered anew and sent again")
    RESET = "reset", _("made new again")
    CANCELLED = "cancelled", _("cancelled")
    MOVED = "moved", _("moved to another destination")
    PRIORITY = "priority", _("given another priority")
    ENQUEUED = "enqueued", _("queued by hand")
    PAUSED = "paused", _("paused")
    RESUMED = "resumed", _("resumed")


class Door(models.TextChoices):
    """Through which door it was asked."""

    ADMIN = "admin", _("admin")
    DASHBOARD = "dashboard", _("dashboard")
    API = "api", _("API")
    COMMAND = "command", _("command line")


class Operation(models.Model):
    """One thing that somebody did, to one destination or to any number of items.

    Those on items are in the items' database, those on destinations where their states are.
    """

    moment = models.DateTimeField(_("at"), db_index=True)
    actor = models.CharField(_("by"), max_length=255)
    door = models.CharField(_("through"), max_length=10, choices=Door)
    verb = models.CharField(_("did"), max_length=20, choices=Verb)
    destination = models.CharField(_("destination"), max_length=200, blank=True)
    chosen = models.TextField(_("what was chosen, in words"), blank=True)
    detail = models.TextField(_("detail"), blank=True)
    number = models.PositiveIntegerField(_("items"), default=0)

    class Meta:
        """Read newest first."""

        verbose_name = _("operation")
        verbose_name_plural = _("operations")

    def __str__(self) -> str:
        return f"{self.actor}: {self.get_verb_display()}"


class OperationItem(models.Model):
    """That an operation was on an item, for the item's story."""

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="items")
    item = models.ForeignKey(ItemToPush, on_delete=models.CASCADE, related_name="operations")

    class Meta:
        """Read by item."""

        verbose_name = _("item of an operation")
        verbose_name_plural = _("items of operations")

    def __str__(self) -> str:
        return f"{self.operation_id}: {self.item_id}"
