"""The queue's rows."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.parcel import Parcel
from pigeon.models.status import Action, Status


def order_key(destination: str, rule_name: str, model_label: str = "", object_id: str = "") -> str:
    """The key within which order is kept, at most 32 characters, which an index holds well.

    For an object (destination, rule, object); for a batch, which has no ``model_label``,
    (destination, rule). Numbers are kept as they are, so that objects that were queued one
    after another lie side by side in the index: on a long queue, a claim then touches one page
    of it instead of a hundred.
    """
    rule = _digest(destination, rule_name, model_label, size=6)
    if object_id.isascii() and object_id.isdigit() and len(object_id) < 20 and model_label:
        # A letter for the length makes the order of texts that of numbers; it is no digest's.
        return f"{rule}{chr(ord('g') + len(object_id))}{object_id}"
    return rule + _digest(object_id if model_label else "", size=10)


def _digest(*parts: str, size: int) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=size).hexdigest()


class ItemToPush(models.Model):
    """One object (or one batch), for one rule, to one destination.

    ``object_id`` is the primary key as text, so that any single-column key fits; for a batch
    ``model_label`` is empty and ``object_id`` names its arguments. A parcel that was rendered
    before ``render_after`` does not count; a ``forced`` item is sent as it is, even over
    something newer. While a worker has it, ``lease_token`` is the worker's; otherwise the tokens,
    with spaces between, of attempts that may have left something at the destination.
    ``failures`` are the failed attempts that ``PIGEON_MAX_PUSH_ATTEMPTS`` limits: not those
    that failed because the whole destination did.
    """

    rule_name = models.CharField(_("rule"), max_length=100)
    destination = models.CharField(_("destination"), max_length=200)
    model_label = models.CharField(_("model"), max_length=150, blank=True)
    object_id = models.CharField(_("object id"), max_length=255, blank=True)
    order_key = models.CharField(max_length=32, editable=False)
    title = models.CharField(_("title"), max_length=255, blank=True)
    event_id = models.UUIDField(_("event"), default=uuid.uuid4, editable=False)
    action = models.CharField(_("action"), max_length=10, choices=Action, default=Action.UPDATED)
    changed_fields = models.JSONField(_("changed fields"), default=list, blank=True)
    actor = models.CharField(_("actor"), max_length=255, blank=True)
    snapshot = models.JSONField(_("snapshot"), null=True, blank=True)
    arguments = models.JSONField(_("arguments of a mass push"), default=list, blank=True)
    status = models.PositiveSmallIntegerField(_("status"), choices=Status, default=Status.NEW)
    priority = models.SmallIntegerField(_("priority"), default=0)
    push_attempts = models.PositiveIntegerField(_("attempts"), default=0)
    failures = models.PositiveIntegerField(_("attempts that count"), default=0)
    last_push_attempts_date = models.DateTimeField(_("last attempt"), null=True, blank=True)
    next_attempt_date = models.DateTimeField(_("next attempt"), null=True, blank=True)
    creation_date = models.DateTimeField(_("created"), default=timezone.now)
    pushed_date = models.DateTimeField(_("pushed"), null=True, blank=True)
    expires = models.DateTimeField(_("expires"), null=True, blank=True)
    message = models.TextField(_("message"), blank=True)
    render_after = models.DateTimeField(null=True, blank=True, editable=False)
    forced = models.BooleanField(_("even over something newer"), default=False)
    lease_token = models.CharField(max_length=255, blank=True, editable=False)
    previous_token = models.CharField(max_length=255, blank=True, editable=False)
    lease_owner = models.CharField(max_length=255, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    parcel = models.ForeignKey(
        Parcel, verbose_name=_("parcel"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="items", db_constraint=False,
    )  # fmt: skip

    objects = ItemQuerySet.as_manager()

    class Meta:
        """Two index ranges serve claims; one serves order, the others are for looking."""

        verbose_name = _("item to push")
        verbose_name_plural = _("items to push")
        indexes = [
            models.Index(
                fields=["destination", "status", "-priority", "id"], name="pigeon_item_new"
            ),
            models.Index(
                fields=["destination", "status", "next_attempt_date"], name="pigeon_item_due"
            ),
            models.Index(fields=["order_key", "status"], name="pigeon_item_order"),
            models.Index(fields=["model_label", "object_id"], name="pigeon_item_object"),
            models.Index(fields=["status", "creation_date"], name="pigeon_item_age"),
            models.Index(fields=["destination", "creation_date"], name="pigeon_item_place"),
            models.Index(fields=["rule_name", "creation_date"], name="pigeon_item_rule"),
            models.Index(
                fields=["destination", "status", "creation_date"], name="pigeon_item_oldest"
            ),
            models.Index(fields=["creation_date"], name="pigeon_item_created"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_name}: {self.title or self.object_id} → {self.destination}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; an item made by hand gets its order key here."""
        self.order_key = self.order_key or self.make_order_key()
        super().save(*args, **kwargs)

    def make_order_key(self) -> str:
        """The digest of the key within which this item keeps its order."""
        return order_key(self.destination, self.rule_name, self.model_label, self.object_id)

    @property
    def is_batch(self) -> bool:
        """Whether the item is a mass push rather than one object."""
        return not self.model_label

    @property
    def facts(self) -> dict[str, object]:
        """What log records and spans about an attempt at it say of it, for programs.

        ``attempt`` is the number of the one under way, from 1; ``database`` the queue's alias.
        """
        return {
            "item": self.pk,
            "rule": self.rule_name,
            "destination": self.destination,
            "attempt": self.push_attempts + 1,
            "database": self._state.db,
        }

    @property
    def model(self) -> type[models.Model]:
        """The object's model class. Raises ``LookupError`` when it no longer exists."""
        return apps.get_model(self.model_label)

    @property
    def content_object(self) -> models.Model | None:
        """The object, from this item's database; ``None`` when it or its model is gone."""
        return fetch_objects([self]).get(self.pk)


def fetch_objects(items: Iterable[ItemToPush]) -> dict[int, models.Model]:
    """Item id → object, for those whose object exists; one query per model and database."""
    groups: dict[tuple[str, str | None], list[ItemToPush]] = {}
    for item in items:
        if not item.is_batch:
            groups.setdefault((item.model_label, item._state.db), []).append(item)
    found: dict[int, models.Model] = {}
    for (label, using), members in groups.items():
        with suppress(LookupError):  # a model that is gone has no objects
            found |= _fetch_group(apps.get_model(label), using, members)
    return found


def _fetch_group(
    model: type[models.Model], using: str | None, items: list[ItemToPush]
) -> dict[int, models.Model]:
    key = model._meta.pk
    assert key is not None
    wanted: dict[int, Any] = {}
    for item in items:
        with suppress(ValidationError):  # a key of another type than the model's has no object
            wanted[item.id] = key.to_python(item.object_id)
    rows = model._base_manager.using(using).in_bulk(set(wanted.values()))
    return {item_id: rows[pk] for item_id, pk in wanted.items() if pk in rows}
