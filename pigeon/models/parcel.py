"""The record of a parcel: which directory holds it, and its manifest."""

from __future__ import annotations

from pathlib import Path

from django.db import models
from django.utils.translation import gettext_lazy as _

from pigeon.conf import conf
from pigeon.parcel import Parcel as ParcelFiles


class Parcel(models.Model):
    """Outputs of one event, rule and object, rendered once and shared by all destinations.

    ``model_label`` and ``object_id`` are those of the items: one event may touch many objects.
    ``directory`` is relative to ``PIGEON_OUTPUT_DIRECTORY``, so that the folder can move.
    """

    rule_name = models.CharField(_("rule"), max_length=100)
    event_id = models.UUIDField(_("event"))
    model_label = models.CharField(_("model"), max_length=150, blank=True)
    object_id = models.CharField(_("object id"), max_length=255, blank=True)
    directory = models.CharField(_("directory"), max_length=255, unique=True)
    manifest = models.JSONField(_("manifest"))
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    rendered_at = models.DateTimeField(_("rendered"))

    class Meta:
        """Looked up by event and rule; cleaned by age."""

        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        indexes = [
            models.Index(fields=["event_id", "rule_name"], name="pigeon_parcel_event"),
            models.Index(fields=["rendered_at"], name="pigeon_parcel_age"),
        ]

    def __str__(self) -> str:
        return self.directory

    def files(self) -> ParcelFiles:
        """The frozen description of the parcel's files; nothing is read from the disk."""
        directory = Path(conf.OUTPUT_DIRECTORY).absolute() / self.directory
        return ParcelFiles.from_manifest(directory, self.manifest)
