"""What a destination holds of ours now; outlives the cleaning of the queue."""

from __future__ import annotations

import hashlib

from django.db import models
from django.utils.translation import gettext_lazy as _

from pigeon.parcel import Held


def path_digest(path: str) -> str:
    """A digest of ``path`` that fits a unique index on every database."""
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()


class Publication(models.Model):
    """One remote path of ours: which rule and object put it there, and what it is.

    ``order_key`` is the same as the items', so that an object's publications at one
    destination are found with it.
    """

    destination = models.CharField(_("destination"), max_length=200)
    path = models.TextField(_("path"))
    path_digest = models.CharField(max_length=64, editable=False)
    rule_name = models.CharField(_("rule"), max_length=100)
    model_label = models.CharField(_("model"), max_length=150, blank=True)
    object_id = models.CharField(_("object id"), max_length=255, blank=True)
    order_key = models.CharField(max_length=32, editable=False)
    item_id = models.BigIntegerField(_("item"))
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    rendered_at = models.DateTimeField(_("rendered"))
    published_date = models.DateTimeField(_("published"))

    class Meta:
        """A destination holds one thing under one path."""

        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "path_digest"], name="pigeon_publication_path"
            )
        ]
        indexes = [models.Index(fields=["order_key"], name="pigeon_publication_object")]

    def __str__(self) -> str:
        return f"{self.destination}: {self.path}"

    def held(self) -> Held:
        """The frozen description for senders."""
        return Held(self.path, self.size, self.sha256, self.rendered_at)
