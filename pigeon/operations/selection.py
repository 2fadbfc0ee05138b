"""Which items somebody means."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from pigeon.exceptions import OperationRefused
from pigeon.models.attempt import PushAttempt
from pigeon.models.item import ItemToPush
from pigeon.models.item_queryset import ItemQuerySet
from pigeon.models.status import FIRST_ERROR, Status
from pigeon.text import storable

#: Ids that are named in words; of more, only the number is told.
NAMED = 10
_LARGEST = 2**63 - 1
_KNOWN = frozenset(Status.values)
_ERRORS = frozenset(number for number in _KNOWN if number >= FIRST_ERROR)


@dataclass(frozen=True)
class Selection:
    """Items that fit all of what is given; what is not given does not matter.

    Attributes:
        ids: the items' own ids, of one queue.
        destination: its name.
        rule: its name.
        statuses: numbers of :class:`pigeon.models.Status`.
        since: only items of which an attempt began then or later, aware or in the site's zone.
        until: only items of which an attempt began before then.
        object: model and primary key, such as ``"news.Story 42"`` or ``"news.Story:42"``.
        event: what all items of one save share; only together with ``object`` or ``ids``.
    """

    ids: Sequence[int] = ()
    destination: str = ""
    rule: str = ""
    statuses: Sequence[int] = ()
    since: datetime | None = None
    until: datetime | None = None
    object: str = ""
    event: uuid.UUID | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given, so that it would mean every item there is."""
        return not any(vars(self).values())

    def items(self, using: str) -> ItemQuerySet:
        """The items in the queue of the database ``using``, found along indexes.

        Raises:
            OperationRefused: nothing is given, an event without its object, an object that is
                not written as one, or a time at the ends of the calendar.
        """
        if self.is_empty:
            raise OperationRefused(
                "Nothing was chosen: name items, a destination, a rule, a status, a time or an "
                "object."
            )
        if self.event and not (self.object or self.ids):
            raise OperationRefused("Name the object, too, to choose the items of one event.")
        items = ItemToPush.objects.using(using).all()
        if self.ids:
            items = items.filter(pk__in=[pk for pk in self.ids if 0 < pk <= _LARGEST])
        if self.destination:
            items = items.filter(destination=storable(self.destination))
        if self.rule:
            items = items.filter(rule_name=storable(self.rule))
        if self.statuses:
            items = items.filter(status__in=_KNOWN.intersection(self.statuses))
        if self.object:
            label, key = _model_and_key(self.object)
            items = items.filter(model_label=label, object_id=key)
        if self.event:
            items = items.filter(event_id=self.event)
        return self._tried(items)

    def words(self) -> str:
        """What is given, in one line for people."""
        return ", ".join(self._words()) or "everything"

    def _tried(self, items: ItemQuerySet) -> ItemQuerySet:
        """Of ``items``, those of which an attempt began in the time that is given."""
        if self.since is None and self.until is None:
            return items
        attempts = PushAttempt.objects.using(items.db).all()
        if self.destination:
            attempts = attempts.filter(destination=storable(self.destination))
        if self.since is not None:
            attempts = attempts.filter(started__gte=_as_stored(self.since))
        if self.until is not None:
            attempts = attempts.filter(started__lt=_as_stored(self.until))
        return items.filter(pk__in=attempts.values("item_id"))

    def _words(self) -> Iterator[str]:
        if self.ids:
            some = len(self.ids) <= NAMED
            kind = "item" if len(self.ids) == 1 else "items"
            yield f"{kind} {', '.join(map(str, self.ids))}" if some else f"{len(self.ids)} items"
        if self.destination:
            yield f"destination {self.destination}"
        if self.rule:
            yield f"rule {self.rule}"
        if self.statuses:
            yield f"status {' or '.join(_statuses(self.statuses))}"
        if self.object:
            yield self.object
        if self.event:
            yield f"event {self.event}"
        if self.since:
            yield f"tried since {_spoken(self.since)}"
        if self.until:
            yield f"tried before {_spoken(self.until)}"


def _model_and_key(text: str) -> tuple[str, str]:
    """Model label and primary key as the queue writes them.

    Raises:
        OperationRefused: ``text`` has another form.
    """
    found = re.fullmatch(r"\s*(\w+\.\w+)(?:\s*:\s*|\s+)(\S.*?)\s*", text)
    if found is None:
        raise OperationRefused(
            f"{text!r} is no object: write its model and primary key, such as news.Story:42."
        )
    label, key = found[1].lower(), storable(found[2])
    try:
        field = apps.get_model(label)._meta.pk
        return label, key if field is None else str(field.to_python(key))
    except (LookupError, ValidationError):  # the queue may know models that are gone
        return label, key


def _statuses(numbers: Sequence[int]) -> Iterator[str]:
    """The labels of ``numbers``, in one word where they are all the errors there are."""
    all_errors = set(numbers) >= _ERRORS
    for number in numbers:
        if not all_errors or number < FIRST_ERROR:
            yield str(Status(number).label) if number in _KNOWN else str(number)
    if all_errors:
        yield "any error"


def _as_stored(moment: datetime) -> datetime:
    """``moment`` aware with ``USE_TZ``, else naive in the site's zone."""
    try:
        aware = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
        aware = aware.astimezone(UTC)
        return aware if settings.USE_TZ else timezone.make_naive(aware)
    except (OverflowError, ValueError):
        raise OperationRefused(f"The time {moment} is too far away.") from None


def _spoken(moment: datetime) -> str:
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M:%S %Z}".rstrip()
