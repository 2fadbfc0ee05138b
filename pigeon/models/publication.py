"""What a destination holds of ours now; outlives the cleaning of the queue."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from pigeon.models.among import Among
from pigeon.models.bulk import insert
from pigeon.models.chunks import chunks
from pigeon.models.compiled import Argument, Arguments, CompiledQuery
from pigeon.parcel import Held


def path_digest(path: str) -> str:
    """A digest of ``path`` that fits a unique index on every database."""
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()


def file_name(path: str) -> str:
    """The last part of ``path``, at most 255 characters, to look it up by."""
    return path.rpartition("/")[2][:255]


class Put(NamedTuple):
    """What a publication says, for :meth:`PublicationQuerySet.put`."""

    destination: str
    path: str
    remote_path: str
    path_digest: str
    rule_name: str
    model_label: str
    object_id: str
    order_key: str
    item_id: int
    size: int
    sha256: str
    rendered_at: datetime
    published_date: datetime
    file_name: str


class PublicationQuerySet(models.QuerySet["Publication"]):
    """What was put, what is gone."""

    def put(self, rows: Iterable[Put]) -> None:
        """Record ``rows``; each takes the place of what stood under its path."""
        latest = {(row.destination, row.path_digest): row for row in rows}
        # One order for all workers, so that no two of them wait for each other.
        ordered = [latest[key] for key in sorted(latest)]
        insert(Publication, ordered, self.db, unique=("destination", "path_digest"))

    def gone(self, destination: str, paths: Collection[str]) -> None:
        """Forget ``paths``: they are no longer there."""
        for chunk in chunks(list(paths)):
            digests = map(path_digest, chunk)
            self.filter(Among("path_digest", digests), destination=destination).delete()


class Publication(models.Model):
    """One remote path of ours: which rule and object put it there, and what it is.

    ``remote_path`` is what the receipt calls it: some partners choose names of their own.
    ``order_key`` is the same as the items', so that an object's publications at one
    destination are found with it.
    """

    destination = models.CharField(_("destination"), max_length=200)
    path = models.TextField(_("path"))
    remote_path = models.TextField(_("path at the partner"), blank=True)
    file_name = models.CharField(_("file name"), max_length=255, db_index=True)
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

    objects = PublicationQuerySet.as_manager()

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
        return Held(self.path, self.size, self.sha256, self.rendered_at, self.remote_path)


_OF_OBJECTS = CompiledQuery(
    Publication, lambda rows: rows.filter(Among("order_key", Arguments("keys")))
)
_STANDING = CompiledQuery(
    Publication,
    lambda rows: rows.filter(
        Among("path_digest", Arguments("digests")), destination=Argument("destination")
    ),
)


def of_objects(order_keys: Collection[str], using: str) -> list[Publication]:
    """What destinations hold of the objects with ``order_keys``."""
    return _OF_OBJECTS.objects(using, keys=list(order_keys))


def standing(destination: str, paths: Collection[str], using: str) -> list[Publication]:
    """What stands under ``paths`` at ``destination``."""
    digests = list({path_digest(path) for path in paths})
    return _STANDING.objects(using, destination=destination, digests=digests)
