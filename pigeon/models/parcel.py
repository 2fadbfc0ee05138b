"""The record of a parcel: which directory holds it, and its manifest."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connections, models
from django.utils.translation import gettext_lazy as _

from pigeon.conf import conf
from pigeon.models.among import Among
from pigeon.models.bulk import insert
from pigeon.models.compiled import Arguments, CompiledQuery
from pigeon.parcel import Parcel as ParcelFiles


class Kept(NamedTuple):
    """What a parcel's record says, for writing many at once, in the order of its columns."""

    rule_name: str
    event_id: uuid.UUID
    model_label: str
    object_id: str
    directory: str
    manifest: dict[str, Any]
    size: int
    rendered_at: datetime


class ParcelQuerySet(models.QuerySet["Parcel"]):
    """Many parcels at once."""

    def keep(self, parcels: Sequence[Parcel]) -> None:
        """Record new ``parcels``, each of which gets its id."""
        if not connections[self.db].features.can_return_rows_from_bulk_insert:
            self.bulk_create(parcels)
            return
        rows = [Kept(*(getattr(each, name) for name in Kept._fields)) for each in parcels]
        for parcel, pk in zip(parcels, insert(Parcel, rows, self.db, ids=True), strict=True):
            parcel.pk, parcel._state.db, parcel._state.adding = pk, self.db, False

    def learn(self, found: Mapping[int, Mapping[str, str]]) -> dict[int, dict[str, Any]]:
        """Write digests that became known into the manifests that lack them.

        What a manifest says already stays. Call it in a transaction.

        Args:
            found: id → path → lower-case hexadecimal SHA-256.

        Returns:
            Id → manifest as it is now, of those that are still there.
        """
        no_key = connections[self.db].features.has_select_for_no_key_update
        rows = self.filter(pk__in=found).order_by("pk").select_for_update(no_key=no_key)
        manifests: dict[int, dict[str, Any]] = dict(rows.values_list("pk", "manifest"))
        for pk, manifest in manifests.items():
            lacking = [each for each in manifest["files"] if not each["sha256"]]
            learned = [each for each in lacking if found[pk].get(each["path"])]
            for each in learned:
                each["sha256"] = found[pk][each["path"]]
                each.pop("modified_ns", None)
            if learned:
                self.filter(pk=pk).update(manifest=manifest)
        return manifests


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

    objects = ParcelQuerySet.as_manager()

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

    @classmethod
    def new(cls, kept: Kept) -> Parcel:
        """One that is not recorded yet. By position, Django is three times as quick."""
        values: Any = kept
        return cls(None, *values)

    def files(self) -> ParcelFiles:
        """The frozen description of the parcel's files; nothing is read from the disk."""
        directory = f"{os.path.abspath(conf.OUTPUT_DIRECTORY)}/{self.directory}"  # noqa: PTH100
        return ParcelFiles.from_manifest(Path(directory), self.manifest)


_OF_EVENTS = CompiledQuery(
    Parcel, lambda rows: rows.filter(Among("event_id", Arguments("events", models.UUIDField())))
)


def of_events(events: Collection[uuid.UUID], using: str) -> list[Parcel]:
    """The parcels of ``events``."""
    return _OF_EVENTS.objects(using, events=list(events))
